"""What the names of OpenAI's fields say about their values: the prefixes of ids and plausible texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIXES: Mapping[str, str] = {
    "agent": "agent_", "agent.automation": "auto_", "agent.environment": "env_", "agent.session": "sess_",
    "agent.session.turn": "turn_", "api_key": "key_", "approval_request": "mcpr_", "assistant": "asst_",
    "audio.voice": "voice_", "audio.voice_consent": "cons_", "batch": "batch_", "call": "call_", "certificate": "cert_",
    "chat.completion": "chatcmpl-", "chat.completion.chunk": "chatcmpl-", "chatkit.session": "cksess_",
    "chatkit.thread": "cthr_", "chatkit.thread_item": "cthi_", "checkpoint.permission": "cp_", "container": "cntr_",
    "container.file": "cfile_", "conversation": "conv_", "eval": "eval_", "eval.run": "evalrun_",
    "eval.run.output_item": "outputitem_", "event": "event_", "file": "file-", "fine_tuning.job": "ftjob-",
    "fine_tuning.job.checkpoint": "ftckpt_", "fine_tuning.job.event": "ftevent-", "function_call": "fc_",
    "group": "group_", "item": "item_", "message": "msg_", "organization": "org-", "organization.admin_api_key": "key_",
    "organization.certificate": "cert_", "organization.invite": "invite-", "organization.project": "proj_",
    "organization.project.api_key": "key_", "organization.project.service_account": "svc_acct_",
    "organization.project.user": "user-", "organization.user": "user-", "project": "proj_",
    "project.rate_limit": "rl-", "project.spend_alert": "alert_", "organization.spend_alert": "alert_",
    "realtime.session": "sess_", "reasoning": "rs_", "request": "req_", "response": "resp_",
    "response.compaction": "resp_", "role": "role-", "run": "run_", "safety.alert": "alert_", "safety.case": "case_",
    "service_account": "svc_acct_", "session": "sess_", "skill": "skill_", "skill.version": "skillver_",
    "step": "step_", "text_completion": "cmpl-", "thread": "thread_", "thread.message": "msg_", "thread.run": "run_",
    "thread.run.step": "step_", "turn": "turn_", "upload": "upload_", "upload.part": "part_", "user": "user-",
    "vault": "vault_", "vault.credential": "cred_", "vector_store": "vs_", "vector_store.file": "file-",
    "vector_store.files_batch": "vsfb_", "video": "video_", "webhook_endpoint": "we_", "web_search_call": "ws_",
    "file_search_call": "fs_", "image_generation_call": "ig_", "code_interpreter_call": "ci_", "mcp_call": "mcp_",
}  # fmt: skip
"""The prefix of an id, by the `object` or `type` of what it names, or by the field's name without `_id`."""

TEXTS: Mapping[str, str] = {
    "arguments": "{}", "avatar": "https://example.com/avatar.png", "b64_json": "aGVsbG8=",
    "content": "Hello! How can I help you today?",
    "data": "aGVsbG8=", "default_version": "1", "delta": "Hello",
    "description": "An example made by openai-mock.", "email": "ada@example.com",
    "encoding": "utf-8", "endpoint": "/v1/chat/completions", "filename": "example.txt", "format": "json",
    "language": "en", "latest_version": "1", "method": "POST", "model": "gpt-4o", "name": "Example", "object": "list",
    "organization_name": "Example organization", "path": "/mnt/data/example.txt",
    "output_text": "Hello! How can I help you today?",
    "project_name": "Example project", "prompt": "Say this is a test", "query": "example", "quote": "An example.",
    "redacted_value": "sk-...abcd", "role": "assistant", "status": "completed", "summary": "An example.",
    "system_fingerprint": "fp_openai_mock", "timezone": "UTC", "title": "Example",
    "text": "Hello! How can I help you today?",
    "transcript": "Hello! How can I help you today?", "version": "1",
}  # fmt: skip
"""A plausible text, by the name of the field; any other field gets its own name as an example."""

SUCCESS = ("completed", "succeeded", "processed", "ready", "active", "stop", "enabled", "success", "passed", "accepted")
"""Values of an enumeration that an example prefers: the object as it is when all went well."""

ABSENT = ("error", "cancel", "fail", "expire", "incomplete", "reject", "revoke", "deprecat", "archived", "deleted_at")
"""Parts of names of optional fields that an object that went well leaves null."""

FILLED = frozenset({"model", "name"})
"""Optional fields that an example always fills."""

PLAIN = ("message", "output_text", "text", "text_delta")
"""The `type` of the branch that an example prefers in a union: what a newcomer expects to see."""

COUNTS: Mapping[str, int] = {
    "bytes": 1024, "completion_tokens": 9, "input_tokens": 10, "output_tokens": 9, "prompt_tokens": 10,
    "total_tokens": 19, "index": 0, "sequence_number": 0, "progress": 100, "width": 1024, "height": 1024,
}  # fmt: skip
"""Whole numbers that read well, by the name of the field."""

STATUSES: Mapping[str, str] = {"container": "running"}
"""The status of an object that is well, where the type of the field does not tell."""

_ROLE = re.compile(r"(Create|Retrieve|Update|List)?Response$")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kind_of(reference: str) -> str:
    """What an object is called by the name of its schema, where its own field says only that it is a text:
    `container` for `containers.ContainerCreateResponse`.
    """
    name = _ROLE.sub("", reference.rpartition(".")[2])
    return _INNER_CAPITAL.sub("_", name).lower()
