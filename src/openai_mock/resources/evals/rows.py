"""What a run is about: the lines of a file, of the request, or what was answered and stored before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from openai_mock.engine.asking import usage_of
from openai_mock.engine.chat_object import CHATS, MESSAGES
from openai_mock.engine.file_object import file_content
from openai_mock.engine.resource import Call
from openai_mock.engine.response_object import INPUT, RESPONSES
from openai_mock.engine.store import Object

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_decode_items = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Row(Struct, frozen=True):
    """One thing to grade. `sample` is what was said to it, where that is known already."""

    item: Mapping[str, Any]
    sample: Mapping[str, Any] | None = None


class RowError(Exception):
    """The data of a run cannot be used; `code` is for the run's error, the message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def rows_of(call: Call, source: Mapping[str, Any], config: Mapping[str, Any]) -> list[Row]:
    """The rows of a run's source, given the eval's data source. Raises RowError for one that does not fit."""
    match source["type"]:
        case "file_content":
            found = [_row(each, number) for number, each in enumerate(source["content"], 1)]
        case "file_id":
            found = list(_lines(file_content(call, source["id"]), source["id"]))
        case "stored_completions":
            return list(islice(_completions(call, source, config), source.get("limit")))
        case _:
            return list(_responses(call, source, config))
    if not found:
        raise RowError("empty_data_source", "The data source has no items.")
    schema = config["schema"].get("properties", {}).get("item") if config["type"] == "custom" else None
    judge = judge_of(schema) if schema else None
    for number, row in enumerate(found, 1):
        if judge is not None and (wrong := judge(row.item)):
            raise RowError("invalid_item", f"Item {number} does not match the schema of the eval: {wrong}")
    return found


def judge_of(schema: Mapping[str, Any]) -> Callable[[Any], str] | None:
    """What is wrong with a value by a JSON schema, in words, or empty; None for what is no schema.

    A schema cannot refer to anything outside itself.
    """
    from jsonschema_rs import Draft202012Validator, ValidationError  # noqa: PLC0415 - only evals bring schemas

    def refuse(uri: str) -> Any:
        raise ValueError(f"{uri} lies outside the schema.")

    try:
        validator = Draft202012Validator(dict(schema), retriever=refuse)
    except (ValidationError, ValueError):
        return None

    def judge(value: Any) -> str:
        error = next(iter(validator.iter_errors(value)), None)
        return "" if error is None else error.message

    return judge


def _row(given: Any, number: int) -> Row:
    item = given.get("item") if isinstance(given, dict) else None
    if not isinstance(item, dict):
        raise RowError("invalid_item", f"Item {number} has no object under the key 'item'.")
    sample = given.get("sample")
    if sample is not None and not isinstance(sample, dict):
        raise RowError("invalid_item", f"Item {number} has a 'sample' that is no object.")
    return Row(item, None if sample is None else _sample(sample))


def _lines(content: bytes | None, id_: str) -> Iterator[Row]:
    if content is None:
        raise RowError("file_not_found", f"No such File object: {id_}")
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = _decode(line)
        except (ValueError, RecursionError):
            raise RowError("invalid_jsonl", f"Line {number} of {id_} is not a JSON object.") from None
        yield _row(read, number)


def _sample(given: Mapping[str, Any]) -> dict[str, Any]:
    """A sample as it came with its item; one in the form of a chat completion has its text under `output_text` too."""
    made = dict(given)
    choices = given.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if isinstance(message, dict):
        made.setdefault("output_text", message.get("content") or "")
        made.setdefault("output_tools", message.get("tool_calls") or [])
    return made


def _completions(call: Call, source: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Row]:
    """Stored chat completions, oldest first."""
    if CHATS not in call.world.shapes:
        return
    kept = call.collection(CHATS)
    for id_, chat in call.store.list(kept.path):
        if not _chosen(chat, source, config, chat.get("created")):
            continue
        messages = [_plain(message) for _, message in call.store.list(kept.below(id_, MESSAGES).path)]
        item = {"input": messages, "model": chat["model"], "metadata": chat.get("metadata") or {}}
        yield Row(item, _sample({key: chat[key] for key in ("model", "choices", "usage") if key in chat}))


def _plain(message: Object) -> Object:
    """A message of a stored completion as it was sent."""
    parts = message.get("content_parts")
    return {
        key: parts if key == "content" and parts else value
        for key, value in message.items()
        if key not in {"id", "content_parts"} and (value is not None or key == "content")
    }


def _responses(call: Call, source: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Row]:
    """Stored responses, oldest first."""
    if RESPONSES not in call.world.shapes:
        return
    kept = call.collection(RESPONSES)
    for id_, response in call.store.list(kept.path):
        if response.get("status") != "completed" or not _chosen(response, source, config, response.get("created_at")):
            continue
        if not _answers(response, source):
            continue
        held = kept.content(id_, INPUT)
        item = {
            "input": [_sent(each) for each in (_decode_items(held) if held else [])],
            "instructions": response.get("instructions") or "",
            "model": response["model"],
            "metadata": response.get("metadata") or {},
        }
        yield Row(item, _said(response))


def _sent(item: Object) -> Object:
    """An input item without what only keeping it added."""
    return {key: value for key, value in item.items() if key not in {"id", "status"}}


def _said(response: Object) -> dict[str, Any]:
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    text = "".join(part.get("text", "") for part in parts)
    tools = [
        {"id": item["call_id"], "type": "function", "function": {"name": item["name"], "arguments": item["arguments"]}}
        for item in response["output"]
        if item["type"] == "function_call"
    ]
    message = {"role": "assistant", "content": text}
    return {
        "model": response["model"],
        "output_text": text,
        "output_tools": tools,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage_of(response.get("usage")),
    }


def _chosen(stored: Object, source: Mapping[str, Any], config: Mapping[str, Any], created: Any) -> bool:
    """Whether something stored has the metadata, the model and the age that source and eval ask for."""
    held = stored.get("metadata") or {}
    wanted = {**(config.get("metadata") or {}), **(source.get("metadata") or {})}
    after, before, model = source.get("created_after"), source.get("created_before"), source.get("model")
    return (
        all(held.get(key) == value for key, value in wanted.items())
        and (after is None or created >= after)
        and (before is None or created <= before)
        and (model is None or stored["model"] == model)
    )


def _answers(response: Object, source: Mapping[str, Any]) -> bool:
    """Whether a response fits what only sources of responses ask for."""
    for key in ("temperature", "top_p"):
        if source.get(key) is not None and response.get(key) != source[key]:
            return False
    effort = (response.get("reasoning") or {}).get("effort")
    searched = source.get("instructions_search")
    users, tools = source.get("users"), source.get("tools")
    return (
        (source.get("reasoning_effort") is None or effort == source["reasoning_effort"])
        and (not searched or searched.casefold() in str(response.get("instructions") or "").casefold())
        and (not users or response.get("user") in users)
        and (not tools or {*tools} <= {*_names(response.get("tools") or ())})
    )


def _names(tools: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (str(tool.get("name") or tool.get("type")) for tool in tools)
