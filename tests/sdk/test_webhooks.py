"""Webhooks as an application of the real SDK sees them: signed, unwrapped, and tried again."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from receiver import receiving

from openai_mock.doors.post import Post
from openai_mock.mock import OpenAIMock
from openai_mock.resources.webhooks import EVENT_TYPES, EVENTS

KNOWN = hasattr(openai.OpenAI, "webhooks")
NEWEST = KNOWN and hasattr(openai.OpenAI(api_key="sk-test").webhooks, "create")
pytestmark = pytest.mark.skipif(not KNOWN, reason="this SDK knows no webhooks")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Inbox:
    """An application's endpoint: it unwraps what comes, and refuses what is not signed well."""

    def __init__(self) -> None:
        self.client, self.events = openai.OpenAI(api_key="sk-test", webhook_secret=SECRET), list[Any]()

    def __call__(self, post: Post) -> int:
        try:
            self.events.append(self.client.webhooks.unwrap(post.body, post.headers))
        except openai.InvalidWebhookSignatureError:
            return 400
        return 200


@pytest.fixture
def inbox(mock: OpenAIMock) -> Inbox:
    inbox = Inbox()
    mock.outbox.add(inbox, secret=SECRET)
    return inbox


def test_the_sdk_unwraps_what_a_response_in_the_background_sends(
    client: openai.OpenAI, mock: OpenAIMock, inbox: Inbox
) -> None:
    response = client.responses.create(model="gpt-4o", input="Hello", background=True)
    mock.clock.advance(hours=1)
    (event,) = inbox.events
    assert (event.type, event.data.id, event.object) == ("response.completed", response.id, "event")
    assert event.created_at >= response.created_at
    assert client.responses.retrieve(event.data.id).status == "completed"


@pytest.mark.parametrize("type_", sorted({each for told in EVENTS.values() for each in told.types.values()}))
def test_every_event_has_the_form_of_its_type(type_: str, mock: OpenAIMock, inbox: Inbox) -> None:
    mock.outbox.send(type_)
    mock.outbox.wait()
    (event,) = inbox.events
    assert event.type == type_
    assert event.data.id


@pytest.mark.skipif(not NEWEST, reason="this SDK knows fewer events")
@pytest.mark.parametrize("type_", [each for each in EVENT_TYPES if not each.startswith(("video.", "safety_id"))])
def test_every_sample_is_valid_by_the_types_of_the_sdk(type_: str, mock: OpenAIMock) -> None:
    from openai.types.webhooks import UnwrapWebhookEvent
    from pydantic import TypeAdapter

    got = list[Post]()
    mock.outbox.add(got.append)
    mock.outbox.send(type_)
    mock.outbox.wait()
    event: Any = TypeAdapter(UnwrapWebhookEvent).validate_json(got[0].body)
    assert event.type == type_


@pytest.mark.parametrize("mode", ["forged", "stale"])
def test_the_sdk_refuses_what_is_forged_or_too_old(mode: str, mock: OpenAIMock) -> None:
    inbox = Inbox()
    mock.outbox.add(inbox, secret=SECRET, mode=mode)
    mock.outbox.send("batch.completed")
    mock.outbox.wait()
    assert inbox.events == []
    assert mock.outbox.deliveries[0].attempts[0].status == 400


async def test_an_asynchronous_client_unwraps_too(async_client: openai.AsyncOpenAI, mock: OpenAIMock) -> None:
    got = list[Post]()
    mock.outbox.add(got.append, secret=SECRET)
    response = await async_client.responses.create(model="gpt-4o", input="Hello", background=True)
    mock.clock.advance(hours=1)
    event: Any = async_client.webhooks.unwrap(got[0].body, got[0].headers, secret=SECRET)
    assert event.data.id == response.id


@pytest.mark.skipif(not NEWEST, reason="this SDK makes no endpoints")
class TestEndpoints:
    def test_an_endpoint_made_through_the_api_is_told(self, client: openai.OpenAI, mock: OpenAIMock) -> None:
        with receiving() as receiver:
            endpoint = client.webhooks.create(
                name="Jobs", url=f"{receiver.url}/events", event_types=["response.completed"]
            )
            response = client.responses.create(model="gpt-4o", input="Hello", background=True)
            mock.clock.advance(hours=1)
            assert mock.outbox.wait()
            (got,) = receiver.got
        event: Any = client.webhooks.unwrap(got.body, got.headers, secret=endpoint.signing_secret)
        assert event.data.id == response.id
        assert mock.outbox.deliveries[0].endpoint.id == endpoint.id

    def test_a_test_tells_what_the_endpoint_said(self, client: openai.OpenAI) -> None:
        with receiving() as receiver:
            endpoint = client.webhooks.create(name="Jobs", url=f"{receiver.url}/503", event_types=["video.failed"])
            result = client.webhooks.test(endpoint.id, event_type="batch.expired")
            (got,) = receiver.got
        assert (result.status_code, result.event_type, result.success) == (503, "batch.expired", True)
        assert result.webhook_endpoint_id == endpoint.id
        event: Any = client.webhooks.unwrap(got.body, got.headers, secret=endpoint.signing_secret)
        assert event.type == "batch.expired"
        with pytest.raises(openai.BadRequestError, match="could not be reached"):
            client.webhooks.test(endpoint.id, event_type="batch.expired")

    async def test_an_asynchronous_client_waits_for_a_test(self, async_client: openai.AsyncOpenAI) -> None:
        with receiving() as receiver:
            endpoint = await async_client.webhooks.create(name="J", url=receiver.url, event_types=["video.failed"])
            result = await async_client.webhooks.test(endpoint.id, event_type="batch.expired")
            assert result.status_code == 200
            assert len(receiver.got) == 1

    async def test_a_synchronous_client_on_a_loop_sends_it_once(self, mock: OpenAIMock) -> None:
        library = __import__("httpx2")
        with receiving() as receiver, library.Client(transport=mock.transport(library)) as http:
            client = openai.OpenAI(api_key="sk-test", http_client=http, max_retries=0)
            endpoint = client.webhooks.create(name="J", url=receiver.url, event_types=["video.failed"])
            assert client.webhooks.test(endpoint.id, event_type="batch.expired").status_code == 200
            assert len(receiver.got) == 1

    def test_a_rotated_secret_signs_and_the_old_one_for_a_day(self, client: openai.OpenAI, mock: OpenAIMock) -> None:
        with receiving() as receiver:
            old = client.webhooks.create(name="J", url=receiver.url, event_types=["batch.completed"])
            new = client.webhooks.rotate_secret(old.id, keep_old_secret_active_for_24_hours=True)
            assert client.webhooks.retrieve(old.id).signing_secret_hint == new.signing_secret_hint
            for at, hours in enumerate((0, 25)):
                mock.clock.advance(hours=hours)
                mock.outbox.send("batch.completed")
                mock.outbox.wait()
                got = receiver.got[at]
                assert client.webhooks.unwrap(got.body, got.headers, secret=new.signing_secret)
                if hours:
                    with pytest.raises(openai.InvalidWebhookSignatureError):
                        client.webhooks.unwrap(got.body, got.headers, secret=old.signing_secret)
                else:
                    assert client.webhooks.unwrap(got.body, got.headers, secret=old.signing_secret)

    def test_a_deleted_endpoint_is_told_nothing(self, client: openai.OpenAI, mock: OpenAIMock) -> None:
        with receiving() as receiver:
            endpoint = client.webhooks.create(name="J", url=receiver.url, event_types=["batch.completed"])
            assert [each.id for each in client.webhooks.list()] == [endpoint.id]
            assert client.webhooks.delete(endpoint.id).deleted
            mock.outbox.send("batch.completed")
            assert mock.outbox.wait()
            assert (receiver.got, mock.outbox.deliveries) == ([], [])


def test_a_url_that_fails_is_asked_again_as_the_clock_moves(mock: OpenAIMock) -> None:
    with receiving() as receiver:
        mock.outbox.add(f"{receiver.url}/503", secret=SECRET)
        mock.outbox.send("batch.completed")
        mock.clock.advance(hours=73)
        assert mock.outbox.wait()
        bodies = {got.body for got in receiver.got}
        ids = {got.headers["webhook-id"] for got in receiver.got}
    assert (len(receiver.got), len(bodies), len(ids)) == (16, 1, 1)
    assert json.loads(bodies.pop())["type"] == "batch.completed"
    assert mock.outbox.deliveries[0].state == "failed"
