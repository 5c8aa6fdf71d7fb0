"""The real SDK administrates: what it makes it finds again, page by page, and its types fit."""

from __future__ import annotations

from typing import Any

import openai
import pytest

pytestmark = pytest.mark.skipif(not hasattr(openai.OpenAI, "admin"), reason="this SDK does not administrate")
NOW = 1_767_225_600
HELLO: Any = [{"role": "user", "content": "Hello"}]


def test_a_project_with_a_service_account_and_what_it_used(client: openai.OpenAI) -> None:
    admin = client.copy(admin_api_key="sk-admin").admin.organization
    project = admin.projects.create(name="Alpha")
    account = admin.projects.service_accounts.create(project.id, name="bot")
    assert account.api_key is not None
    bot = client.copy(api_key=account.api_key.value)
    first = bot.chat.completions.create(model="gpt-4o", messages=HELLO)
    second = bot.responses.create(model="gpt-4o", input="Hello")
    for _ in bot.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ):
        pass
    assert first.usage is not None
    assert second.usage is not None
    (bucket,) = admin.usage.completions(start_time=NOW, project_ids=[project.id], group_by=["api_key_id"]).data
    (result,) = bucket.results
    assert result.object == "organization.usage.completions.result"
    assert result.api_key_id == account.api_key.id
    assert result.num_model_requests == 3
    assert result.input_tokens == 2 * first.usage.prompt_tokens + second.usage.input_tokens
    assert result.output_tokens == 2 * first.usage.completion_tokens + second.usage.output_tokens
    (day,) = admin.usage.costs(start_time=NOW, group_by=["line_item", "project_id"]).data
    assert {each.line_item for each in day.results} == {"gpt-4o, input_tokens", "gpt-4o, output_tokens"}
    assert admin.projects.api_keys.retrieve(account.api_key.id, project_id=project.id).last_used_at == NOW
    assert admin.projects.archive(project.id).status == "archived"
    with pytest.raises(openai.BadRequestError, match="Project Alpha is archived"):
        admin.projects.update(project.id, name="Beta")
    kinds = [each.type for each in admin.audit_logs.list(limit=2)]
    assert kinds == ["project.archived", "api_key.created", "service_account.created", "project.created"]
    entry = next(iter(admin.audit_logs.list(event_types=["project.created"], effective_at={"gte": NOW})))
    assert entry.project_created is not None
    assert entry.project_created.id == project.id


def test_pages_of_every_kind(client: openai.OpenAI) -> None:
    admin = client.copy(admin_api_key="sk-admin").admin.organization
    names = [f"g{number}" for number in range(5)]
    for name in names:
        admin.groups.create(name=name)
        admin.projects.create(name=name)
    assert [each.name for each in admin.groups.list(limit=2, order="asc")] == names
    assert [each.name for each in admin.projects.list(limit=2)] == [*names[::-1], "Default project"]
    limits = list(admin.projects.rate_limits.list_rate_limits("proj_mock", limit=1))
    assert len({each.id for each in limits}) == len(limits) > 1
    roles = list(admin.projects.roles.list("proj_mock", limit=1))
    assert {each.name for each in roles} == {"owner", "member"}


async def test_invites_groups_and_roles_from_an_asynchronous_client(async_client: openai.AsyncOpenAI) -> None:
    admin = async_client.copy(admin_api_key="sk-admin").admin.organization
    invite = await admin.invites.create(email="ann@example.com", role="reader")
    assert invite.expires_at == NOW + 7 * 86_400
    assert (await admin.invites.delete(invite.id)).deleted
    group = await admin.groups.create(name="Support")
    await admin.groups.users.create(group.id, user_id="user-mock")
    assert [each.email async for each in admin.groups.users.list(group.id)] == ["owner@example.com"]
    role = await admin.roles.create(role_name="Auditor", permissions=["api.organization.read"])
    assigned = await admin.groups.roles.create(group.id, role_id=role.id)
    assert (assigned.group.name, assigned.role.name) == ("Support", "Auditor")
    assert [each.name async for each in admin.groups.roles.list(group.id)] == ["Auditor"]
    await admin.projects.rate_limits.update_rate_limit("rl-gpt-4o", project_id="proj_mock", max_requests_per_1_minute=1)
    await async_client.chat.completions.create(model="gpt-4o", messages=HELLO)
    with pytest.raises(openai.RateLimitError, match="Limit 1, Used 1, Requested 1"):
        await async_client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert len([each async for each in admin.audit_logs.list()]) == 6
