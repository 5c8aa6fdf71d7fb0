"""Posts to a real endpoint: what counts as an answer, and when waiting ends."""

from __future__ import annotations

import socket
import time

import pytest
from receiver import receiving

from openai_mock.doors.post import Post, post


def message(url):
    return Post(url, {"content-type": "application/json", "webhook-id": "wh_1"}, b'{"a": 1}')


def test_what_is_sent_arrives():
    with receiving() as receiver:
        assert post(message(f"{receiver.url}/events?team=a")) == (200, "")
        (got,) = receiver.got
    assert (got.path, got.body) == ("/events?team=a", b'{"a": 1}')
    assert (got.headers["webhook-id"], got.headers["content-type"]) == ("wh_1", "application/json")


def test_a_redirect_is_not_followed():
    with receiving() as receiver:
        assert post(message(f"{receiver.url}/302")) == (302, "")
        assert [got.path for got in receiver.got] == ["/302"]


@pytest.mark.parametrize("how", ["slow", "drip"])
def test_waiting_ends(how):
    began = time.monotonic()
    with receiving() as receiver:
        assert post(message(f"{receiver.url}/{how}"), patience=0.2) == (None, "no answer within 0.2 seconds")
    assert time.monotonic() - began < 10


def test_what_goes_wrong_is_a_sentence():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        status, error = post(message(f"http://127.0.0.1:{unused.getsockname()[1]}/"))
    assert status is None
    assert error
    with receiving() as receiver:
        status, error = post(message(f"{receiver.url}/gone"))
        assert status is None
        assert error
        status, error = post(message(receiver.url.replace("http:", "https:")), patience=5)
        assert status is None
        assert error
