"""The response object: every field the API sends, from the request, the turn, and what a rule fixed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from openai_mock.engine.overlay import laid_over
from openai_mock.engine.prompt_cache import SHORTEST
from openai_mock.engine.resource import Call
from openai_mock.engine.tiers import service_tier
from openai_mock.resources.responses.context import Context
from openai_mock.resources.responses.output import SIGNALS, finished, output_of
from openai_mock.turns.items import as_messages, sealed
from openai_mock.turns.reasoning import effort
from openai_mock.turns.tokens import count, encoding_for, prompt_tokens
from openai_mock.turns.turn import Reply, Turn

DEFAULT_MODEL = "gpt-4o"
"""The model of a request that names none, as one with a reusable prompt may."""
_ECHOED: Mapping[str, Any] = MappingProxyType(
    {
        "background": False, "frequency_penalty": 0.0, "instructions": None, "max_output_tokens": None,
        "max_tool_calls": None, "parallel_tool_calls": True, "presence_penalty": 0.0, "previous_response_id": None,
        "prompt": None, "prompt_cache_key": None, "prompt_cache_retention": None, "safety_identifier": None,
        "store": True, "temperature": 1.0, "tool_choice": "auto", "top_logprobs": 0, "top_p": 1.0,
        "truncation": "disabled", "user": None,
    }
)  # fmt: skip
"""What the request says comes back; this is what comes where it says nothing."""
_BLANK = MappingProxyType(
    {
        "id": "", "object": "response", "created_at": 0, "status": "completed", "completed_at": 0, "error": None,
        "incomplete_details": None, "model": "", "output": (), "usage": None, **_ECHOED, "metadata": None,
        "reasoning": None, "text": None, "tools": (), "service_tier": "", "conversation": None,
    }
)  # fmt: skip
"""A response with nothing in it, in the order of its fields: to copy it is cheaper than to put them in one by one."""
_TOOLS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "function": {"description": None, "parameters": None, "strict": True},
        "custom": {"description": None, "format": {"type": "text"}},
        "file_search": {
            "filters": None, "max_num_results": 20, "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
        },
        "web_search": {"filters": None, "search_context_size": "medium", "user_location": None},
        "web_search_preview": {"search_context_size": "medium", "user_location": None},
        "image_generation": {
            "background": "auto", "moderation": "auto", "output_compression": 100, "output_format": "png",
            "quality": "auto", "size": "auto",
        },
        "mcp": {"allowed_tools": None, "headers": None, "require_approval": "always", "server_description": None},
    }
)  # fmt: skip
_UNSAID = MappingProxyType({"completed_at": None, "error": None, "incomplete_details": None, "usage": None})
_ITS_OWN = frozenset({"output", "status", "error", "incomplete_details", "output_text"})
"""Fields that only a response has, by which a configured object tells itself from a chat completion."""
_REASONS: Mapping[str | None, str] = MappingProxyType(
    {"length": "max_output_tokens", "content_filter": "content_filter"}
)
_SELDOM = frozenset({"prompt_cache_options", "access_programs", "image"})
"""Parameters that come back only where the request has them."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def response_of(call: Call, context: Context, reply: Reply) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The finished response, and its output with the signals that only a stream shows."""
    model, fields, now = call.model or DEFAULT_MODEL, reply.fields, call.now
    turn = _turn(reply)
    output = _configured(call, fields) if fields else None
    if output is not None:
        turn = Turn(tokens=_written(output, encoding_for(model)))
    else:
        compacts = context.compact or call.body.get("context_management")
        output = [*(_compacted(call, context) if compacts else ()), *output_of(turn, call.world.ids)]
    whole: dict[str, Any] = _BLANK.copy()
    whole["id"] = call.world.ids.hexadecimal("resp_", 48)
    whole["created_at"] = whole["completed_at"] = now
    whole["model"] = model
    whole["output"] = [item for item in output if item["type"] not in SIGNALS]
    whole["usage"] = _usage(call, context, turn, model)
    _echo(whole, call.body, model)
    if turn.finish in _REASONS:
        whole["incomplete_details"] = {"reason": _REASONS[turn.finish]}
    if context.conversation:
        whole["conversation"] = {"id": context.conversation}
    if fields:
        whole = laid_over(whole, _fixed(fields))
    if whole["incomplete_details"] and whole["status"] == "completed":
        whole["status"] = "incomplete"
    if whole["status"] != "completed":
        whole["completed_at"] = None
    return whole, output


def unfinished(whole: Mapping[str, Any], status: str) -> dict[str, Any]:
    """The response as it is before anything was said."""
    return {**whole, **_UNSAID, "status": status, "output": []}


def _turn(reply: Reply) -> Turn:
    text = (reply.fields or {}).get("output_text")
    return Turn(text) if isinstance(text, str) and not reply.turns else reply.turns[0] if reply.turns else Turn("")


def _configured(call: Call, fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The items that a rule wrote out, none for a response that failed; None where the turn says what they are."""
    if "output" not in fields and fields.get("status") not in {"failed", "cancelled"}:
        return None
    return finished(fields.get("output") or (), call.world.ids)


def _written(output: list[dict[str, Any]], encoding: str) -> int:
    """The tokens of items that a rule wrote out: their texts, and the calls they make."""
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    texts = [part.get("text") or part.get("refusal") or "" for part in parts]
    said = [item[key] for item in output for key in ("name", "arguments", "input", "code") if item.get(key)]
    return sum([count(text, encoding) for text in (*texts, *said) if isinstance(text, str)])


def _compacted(call: Call, context: Context) -> list[dict[str, Any]]:
    """A compaction, where the request asks for one, or for one of inputs as long as this."""
    rules = call.body.get("context_management") or ()
    limits = [rule["compact_threshold"] for rule in rules if rule.get("compact_threshold")]
    if context.compact:
        return finished([compaction(context)], call.world.ids)
    if not limits or prompt_tokens(context.messages, call.model or DEFAULT_MODEL) < min(limits):
        return []
    return finished([compaction(context)], call.world.ids)


def compaction(context: Context) -> dict[str, Any]:
    """The item that stands for all that was said."""
    return {"type": "compaction", "encrypted_content": sealed(as_messages([*context.before, *context.given]))}


def _fixed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule fixed about the object; of a chat completion, what a response has too."""
    if fields.keys() & _ITS_OWN or fields.get("object") == "response":
        return {key: value for key, value in fields.items() if key not in {"output", "output_text"}}
    fixed = {new: fields[old] for old, new in (("model", "model"), ("created", "created_at")) if old in fields}
    if isinstance(fields.get("id"), str) and fields["id"].startswith("resp_"):
        fixed["id"] = fields["id"]
    if usage := fields.get("usage"):
        names = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
        fixed["usage"] = {new: usage.get(old, usage.get(new)) for old, new in names if {old, new} & usage.keys()}
        fixed["usage"] |= {"total_tokens": usage["total_tokens"]} if "total_tokens" in usage else {}
    return fixed


def _usage(call: Call, context: Context, turn: Turn, model: str) -> dict[str, Any]:
    prompt = prompt_tokens(context.messages, model, call.body.get("tools") or ())
    cached = written = 0
    if prompt >= SHORTEST:
        cached, written = call.world.sessions.prompts.read(call, context.messages, prompt)
    said = _tokens(turn, encoding_for(model)) + turn.reasoning_tokens
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
        "total_tokens": prompt + said,
    }


def _tokens(turn: Turn, encoding: str) -> int:
    if turn.tokens is not None:
        return turn.tokens
    calls = sum([count(call.name, encoding) + count(call.arguments, encoding) for call in turn.tool_calls])
    return count(turn.text or turn.refusal or "", encoding) + calls


def _echo(whole: dict[str, Any], body: Mapping[str, Any], model: str) -> None:
    """Fill in what comes back as the request has it, or with its defaults."""
    whole.update({key: value for key, value in body.items() if value is not None and key in _ECHOED})
    reasoning, text, tools = body.get("reasoning") or _NOTHING, body.get("text") or _NOTHING, body.get("tools")
    whole["metadata"] = body.get("metadata") or {}
    whole["reasoning"] = {"effort": effort(body, model), "summary": reasoning.get("summary")}
    whole["text"] = {"format": _format(text.get("format")), "verbosity": text.get("verbosity") or "medium"}
    whole["tools"] = [{**_TOOLS.get(tool["type"], {}), **_without_nulls(tool)} for tool in tools] if tools else []
    whole["service_tier"] = service_tier(body)
    if _SELDOM.isdisjoint(body):
        return
    if options := body.get("prompt_cache_options"):
        whole["prompt_cache_options"] = {"mode": "implicit", "ttl": "30m", **options}
    if programs := body.get("access_programs"):
        whole["access_programs"] = programs
    if (body.get("image") or {}).get("context_compression") in {"enabled", "disabled"}:
        whole["image"] = body["image"]


def _format(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    if asked is None:
        return {"type": "text"}
    if asked["type"] != "json_schema":
        return dict(asked)
    return {"description": None, "strict": False, **_without_nulls(asked)}


def _without_nulls(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}
