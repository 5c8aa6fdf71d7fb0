"""The organization: answers are of their documented types, keys open what they may, and every change is an event."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.config.load import load
from openai_mock.mock import OpenAIMock
from openai_mock.resources.admin.events import EVENTS
from openai_mock.resources.admin.usage import KINDS
from openai_mock.spec.operations import load as catalogue

OPERATIONS = catalogue().operations
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
ORG = "/organization"
PROJECT = "/organization/projects/proj_mock"


def client(mock: OpenAIMock, key: str = "sk-test") -> httpx.Client:
    return httpx.Client(
        transport=mock.transport(httpx),
        base_url="https://api.openai.com/v1",
        headers={"authorization": f"Bearer {key}"},
    )


def status(http: httpx.Client, method: str, path: str, body: Any = None) -> int:
    return http.request(method, path, json=body).status_code


def guarded(**more: Any) -> OpenAIMock:
    config = "apiKey: sk-user-0123456789\nadminKey: sk-root-0123456789\n"
    return OpenAIMock(load(config, name="given.yaml", env={}), seed=1, **more)


def test_the_table_of_events_names_operations_and_documented_types():
    assert EVENTS.keys() <= OPERATIONS.keys()
    schema = json.dumps(catalogue().bundle(OPERATIONS["admin.organization.audit_logs.list"].response))
    assert {kind for kind, _ in EVENTS.values() if f'"{kind}"' not in schema} == set()


def test_every_change_of_the_organization_is_an_event():
    silent = {
        name
        for name, each in OPERATIONS.items()
        if name.startswith("admin.") and each.method != "GET" and name not in EVENTS
    }
    prefix = "admin.organization."
    assert silent == {
        f"{prefix}external_keys.validate", f"{prefix}external_storage.validate",
        f"{prefix}groups.users.create", f"{prefix}groups.users.delete",
    }  # fmt: skip


def test_every_kind_of_usage_is_answered():
    kinds = {name.rpartition(".")[2] for name in OPERATIONS if name.startswith("admin.organization.usage.")}
    assert kinds == {*KINDS, "vector_stores", "costs"}


def test_an_issued_key_opens_what_a_configured_one_does_until_it_is_deleted():
    mock = guarded()
    with client(mock, "sk-root-0123456789") as root:
        made = root.post(f"{PROJECT}/service_accounts", json={"name": "bot"}).json()["api_key"]
        with client(mock, made["value"]) as bot:
            assert status(bot, "POST", "/chat/completions", CHAT) == 200
            assert status(bot, "GET", "/organization/projects") == 403
            assert root.get(f"{PROJECT}/api_keys/{made['id']}").json()["last_used_at"] == 1_767_225_600
            root.delete(f"{PROJECT}/api_keys/{made['id']}")
            refused = bot.post("/chat/completions", json=CHAT)
            assert refused.status_code == 401
            assert refused.json()["error"]["code"] == "invalid_api_key"
        rows = root.get(f"{ORG}/usage/completions?start_time=1767225600&group_by[]=api_key_id").json()["data"]
        assert [each["api_key_id"] for each in rows[0]["results"]] == [made["id"]]


def test_an_issued_key_expires_by_the_clock_and_with_its_project():
    mock = guarded()
    with client(mock, "sk-root-0123456789") as root:
        project = root.post("/organization/projects", json={"name": "A"}).json()["id"]
        accounts = f"/organization/projects/{project}/service_accounts"
        short, long = (
            root.post(accounts, json={"name": "bot", "expires_in_seconds": seconds}).json()["api_key"]["value"]
            for seconds in (60, 3600)
        )
        with client(mock, short) as one, client(mock, long) as other:
            assert (
                status(one, "POST", "/chat/completions", CHAT)
                == status(other, "POST", "/chat/completions", CHAT)
                == 200
            )
            mock.clock.advance(60)
            assert status(one, "POST", "/chat/completions", CHAT) == 401
            assert status(other, "POST", "/chat/completions", CHAT) == 200
            root.post(f"/organization/projects/{project}/archive")
            assert status(other, "POST", "/chat/completions", CHAT) == 401


def test_an_issued_admin_key_administrates_and_nothing_else():
    mock = guarded()
    with client(mock, "sk-root-0123456789") as root:
        made = root.post("/organization/admin_api_keys", json={"name": "ops"}).json()
        with client(mock, made["value"]) as ops:
            assert status(ops, "GET", "/organization/projects") == 200
            assert status(ops, "POST", "/chat/completions", CHAT) == 403
            assert status(ops, "POST", "/organization/groups", {"name": "g"}) == 200
            (entry,) = ops.get(f"{ORG}/audit_logs?actor_ids[]={made['id']}").json()["data"]
            assert entry["type"] == "group.created"
            root.delete(f"/organization/admin_api_keys/{made['id']}")
            assert status(ops, "GET", "/organization/projects") == 401


def test_no_key_is_kept_as_it_was_shown():
    mock = OpenAIMock(seed=1)
    with client(mock) as http:
        value = http.post(f"{PROJECT}/service_accounts", json={"name": "bot"}).json()["api_key"]["value"]
        admin = http.post("/organization/admin_api_keys", json={"name": "ops"}).json()["value"]
        kept = repr(mock.state().snapshot()) + http.get(f"{ORG}/audit_logs").text
    assert value not in kept
    assert admin not in kept


WALK = (
    ("POST", "/organization/projects", {"name": "A"}),
    ("GET", "/organization/projects", None),
    ("POST", PROJECT, {"name": "B"}),
    ("GET", PROJECT, None),
    ("GET", "/organization/users", None),
    ("POST", "/organization/users/user-mock", {"developer_persona": "x"}),
    ("GET", f"{PROJECT}/users", None),
    ("POST", f"{PROJECT}/users/user-mock", {"role": "member"}),
    ("POST", f"{PROJECT}/service_accounts", {"name": "bot"}),
    ("GET", f"{PROJECT}/service_accounts", None),
    ("GET", f"{PROJECT}/api_keys", None),
    ("POST", "/organization/admin_api_keys", {"name": "ops"}),
    ("GET", "/organization/admin_api_keys", None),
    ("POST", "/organization/invites", {"email": "a@example.com", "role": "reader"}),
    ("GET", "/organization/invites", None),
    ("POST", "/organization/groups", {"name": "g"}),
    ("GET", "/organization/groups", None),
    ("POST", "/organization/roles", {"role_name": "r", "permissions": []}),
    ("GET", "/organization/roles", None),
    ("POST", "/organization/users/user-mock/roles", {"role_id": "role-organization-owner"}),
    ("GET", "/organization/users/user-mock/roles", None),
    ("GET", "/organization/users/user-mock/roles/role-organization-owner", None),
    ("DELETE", "/organization/users/user-mock/roles/role-organization-owner", None),
    ("GET", "/projects/proj_mock/roles", None),
    ("GET", f"{PROJECT}/rate_limits", None),
    ("POST", f"{PROJECT}/rate_limits/rl-gpt-4o", {"max_tokens_per_1_minute": 10_000}),
    ("GET", f"{PROJECT}/hosted_tool_permissions", None),
    ("GET", f"{PROJECT}/model_permissions", None),
    ("GET", f"{PROJECT}/service_tier_settings", None),
    ("GET", f"{PROJECT}/data_retention", None),
    ("GET", "/organization/data_retention", None),
    ("POST", f"{PROJECT}/spend_limit", {"currency": "USD", "interval": "month", "threshold_amount": 5}),
    ("GET", f"{PROJECT}/spend_limit", None),
    ("DELETE", f"{PROJECT}/spend_limit", None),
    ("GET", "/organization/certificates", None),
    ("GET", "/organization/audit_logs", None),
    *(("GET", f"/organization/usage/{kind}?start_time=1767225600", None) for kind in (*KINDS, "vector_stores")),
    ("GET", "/organization/costs?start_time=1767225600&group_by[]=line_item", None),
)


def test_answers_are_of_the_documented_types():
    mock = OpenAIMock(seed=1)
    with client(mock) as http:
        http.post("/chat/completions", json=CHAT)
        for method, path, body in WALK:
            answer = http.request(method, path, json=body)
            assert answer.status_code == 200, (path, answer.text)
            operation = OPERATIONS[mock.journal.entries[-1].operation or ""]
            errors = Draft202012Validator(catalogue().bundle(operation.response)).iter_errors(answer.json())
            assert not [error.message for error in errors], operation.name


@pytest.mark.parametrize("ids", ["strict", "lenient"])
def test_lenient_ids_know_every_project(ids):
    mock = OpenAIMock(seed=1, ids=ids)
    with client(mock) as http:
        wanted = 200 if ids == "lenient" else 404
        assert status(http, "GET", "/organization/projects/proj_x") == wanted
        assert status(http, "GET", "/organization/projects/proj_x/users/user_x") == wanted


def test_a_stateless_organization_remembers_nothing():
    mock = OpenAIMock(seed=1, stateless=True)
    with client(mock) as http:
        assert status(http, "POST", "/organization/projects", {"name": "A"}) == 200
        assert status(http, "GET", f"{ORG}/audit_logs") == 200
    assert mock.state().snapshot().objects == ()
