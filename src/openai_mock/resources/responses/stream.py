"""The event stream of a response, made from the finished object, so that a stream and its object never differ.

Theory. An item is announced empty, filled by the events of its type, and shown whole:

    created [queued] in_progress  (item.added  events of its type  item.done)*  completed | incomplete | failed

`sequence_number` counts from 0 without gaps. Deltas of one text are alike but for the piece, the number and the
padding, so they are one run. An `error` among the items ends the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from openai_mock.engine.answers import Alike
from openai_mock.resources.responses.output import picture
from openai_mock.resources.responses.whole import unfinished
from openai_mock.turns.likely import along
from openai_mock.turns.padding import filler
from openai_mock.turns.pieces import encoded_pieces, pieces, remembering

Parts: TypeAlias = Iterable[bytes | Alike]
Item: TypeAlias = Mapping[str, Any]
_encode = msgspec.json.Encoder().encode
_UNSURE = b'"logprobs":[],'


class Stream:
    """What the events of one stream share: the running number, how texts are cut, whether deltas are padded, and how
    many pictures come before the finished one.
    """

    def __init__(self, encoding: str, *, obfuscate: bool, previews: int = 0) -> None:
        self.encoding, self.obfuscate, self.previews = encoding, obfuscate, previews
        self.number = 0

    def event(self, kind: str, **fields: Any) -> bytes:
        """One framed event."""
        return self.framed(kind.encode(), _written_out(**fields))

    def framed(self, kind: bytes, fields: bytes) -> bytes:
        """One framed event with fields that are written out."""
        number = self.number
        self.number = number + 1
        return b'event: %b\ndata: {"type":"%b",%b"sequence_number":%d}\n\n' % (kind, kind, fields, number)

    def deltas(self, kind: str, text: str, **fields: Any) -> Parts:
        """The events that bring a text piece by piece."""
        if text:
            yield self.run(kind.encode(), text, _written_out(**fields))

    def run(self, kind: bytes, text: str, fields: bytes) -> Alike:
        """The same, with the fields written out."""
        before = b'event: %b\ndata: {"type":"%b",%b"delta":"' % (kind, kind, fields)
        cut = _numbered(text, self.encoding, self.number, self.obfuscate)
        self.number += len(cut)
        return Alike(before, cut, b'"}\n\n' if self.obfuscate else b"}\n\n")


def _written_out(**fields: Any) -> bytes:
    """Fields as they stand in an object, each with a comma behind it."""
    return _encode(fields)[1:-1] + b"," if fields else b""


@remembering
def _numbered(text: str, encoding: str, start: int, obfuscate: bool) -> tuple[bytes, ...]:
    """What differs between the deltas of a text: its pieces, the running number, and the padding where there is any."""
    cut = encoded_pieces(text, encoding)
    if not obfuscate:
        return tuple([b'%b","sequence_number":%d' % pair for pair in zip(cut, count(start), strict=False)])
    return tuple(
        [
            b'%b","sequence_number":%d,"obfuscation":"%b' % (piece, number, filler(piece, number))
            for number, piece in enumerate(cut, start)
        ]
    )


def frames(whole: Mapping[str, Any], text: bytes, output: Sequence[Item], *, encoding: str, obfuscate: bool) -> Parts:
    """Every event of a response, whose JSON is `text`. `output` are its items, and signals between them."""
    tools = whole.get("tools")
    previews = max([tool.get("partial_images") or 0 for tool in tools]) if tools else 0
    stream = Stream(encoding, obfuscate=obfuscate, previews=previews)
    if whole.get("background"):
        queued = unfinished(whole, "queued")
        yield stream.event("response.created", response=queued)
        yield stream.event("response.queued", response=queued)
        yield stream.event("response.in_progress", response=unfinished(whole, "in_progress"))
    else:
        begun = b'"response":%b,' % _encode(unfinished(whole, "in_progress"))
        yield stream.framed(b"response.created", begun)
        yield stream.framed(b"response.in_progress", begun)
    index = 0
    for item in output:
        if item["type"] == "error":
            yield stream.event("error", **{key: item.get(key) for key in ("code", "message", "param")})
            return
        if item["type"] == "output_audio":
            yield from _audio(stream, item)
            continue
        added = b'"item":%b,"output_index":%d,' % (_encode(_emptied(item)), index)
        yield stream.framed(b"response.output_item.added", added)
        if inner := _EVENTS.get(item["type"]):
            yield from inner(stream, item, index)
        yield stream.framed(b"response.output_item.done", b'"item":%b,"output_index":%d,' % (_encode(item), index))
        index += 1
    status = whole["status"]
    ending = b"response.%b" % status.encode() if status in {"incomplete", "failed"} else b"response.completed"
    yield stream.framed(ending, b'"response":%b,' % text)


_EMPTY: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "message": {"content": []},
        "reasoning": {"summary": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
        "file_search_call": {"results": None},
        "code_interpreter_call": {"code": "", "outputs": None},
        "image_generation_call": {"result": None},
        "mcp_call": {"arguments": "", "output": None, "error": None},
        "mcp_list_tools": {"tools": []},
        "shell_call_output": {"output": []},
    }
)
"""What an item lacks when it is announced, by its type."""
_BORN_DONE = ("apply_patch_call_output", "program_output")


def _emptied(item: Item) -> dict[str, Any]:
    started = {"status": "in_progress"} if "status" in item and item["type"] not in _BORN_DONE else {}
    emptied = {**item, **_EMPTY.get(item["type"], {}), **started}
    if item["type"] == "shell_call":
        emptied["action"] = {**item["action"], "commands": []}
    if item["type"] == "reasoning" and "content" in item:
        emptied["content"] = []
    return emptied


def _message(stream: Stream, item: Item, index: int) -> Parts:
    id_ = _encode(item["id"])
    told: list[bytes | Alike] = []
    for number, part in enumerate(item["content"]):
        at = b'"content_index":%d,"item_id":%b,"output_index":%d,' % (number, id_, index)
        if part["type"] == "refusal":
            said, empty, unsure, sure = part["refusal"], {**part, "refusal": ""}, b"", b""
            kind, field = b"response.refusal", b"refusal"
        else:
            said, empty, unsure = part["text"], {**part, "annotations": [], "logprobs": [], "text": ""}, _UNSURE
            kind, field = b"response.output_text", b"text"
            likely = part.get("logprobs")
            sure = _written_out(logprobs=[_brief(each) for each in likely]) if likely else _UNSURE
        told.append(stream.framed(b"response.content_part.added", b'%b"part":%b,' % (at, _encode(empty))))
        if part.get("logprobs"):
            told += _with_logprobs(stream, part, at)
        elif said:
            told.append(stream.run(kind + b".delta", said, at + unsure))
        for position, annotation in enumerate(part.get("annotations") or ()):
            named = _written_out(annotation=annotation, annotation_index=position)
            told.append(stream.framed(b"response.output_text.annotation.added", at + named))
        told.append(stream.framed(kind + b".done", b'%b"%b":%b,%b' % (at, field, _encode(said), sure)))
        told.append(stream.framed(b"response.content_part.done", b'%b"part":%b,' % (at, _encode(part))))
    return told


def _with_logprobs(stream: Stream, part: Item, at: bytes) -> Parts:
    cut = pieces(part["text"], stream.encoding)
    for piece, own in zip(cut, along(cut, part["logprobs"]), strict=True):
        padding = {"obfuscation": filler(_encode(piece)[1:-1], stream.number).decode()} if stream.obfuscate else {}
        named = _written_out(delta=piece, logprobs=[_brief(each) for each in own], **padding)
        yield stream.framed(b"response.output_text.delta", at + named)


def _brief(logprob: Item) -> dict[str, Any]:
    others = logprob.get("top_logprobs") or ()
    return {
        "token": logprob.get("token"),
        "logprob": logprob.get("logprob"),
        "top_logprobs": [{key: each.get(key) for key in ("token", "logprob")} for each in others],
    }


def _reasoning(stream: Stream, item: Item, index: int) -> Parts:
    for number, part in enumerate(item["summary"]):
        at = {"item_id": item["id"], "output_index": index, "summary_index": number}
        yield stream.event("response.reasoning_summary_part.added", **at, part={"type": "summary_text", "text": ""})
        yield from stream.deltas("response.reasoning_summary_text.delta", part["text"], **at)
        yield stream.event("response.reasoning_summary_text.done", **at, text=part["text"])
        yield stream.event("response.reasoning_summary_part.done", **at, part=part)
    for number, part in enumerate(item.get("content") or ()):
        at = {"content_index": number, "item_id": item["id"], "output_index": index}
        yield stream.event("response.content_part.added", **at, part={**part, "text": ""})
        yield from stream.deltas("response.reasoning_text.delta", part["text"], **at)
        yield stream.event("response.reasoning_text.done", **at, text=part["text"])
        yield stream.event("response.content_part.done", **at, part=part)


def _written(name: str, field: str) -> Callable[[Stream, Item, int], Parts]:
    """An item whose one text is written piece by piece."""

    def events(stream: Stream, item: Item, index: int) -> Parts:
        at = {"item_id": item["id"], "output_index": index}
        yield from stream.deltas(f"response.{name}.delta", item.get(field) or "", **at)
        yield stream.event(f"response.{name}.done", **at, **{field: item.get(field) or ""})

    return events


def _stages(*names: str) -> Callable[[Stream, Item, int], Parts]:
    """An item that passes through stages; a stage `completed` is `failed` where the item failed."""

    def events(stream: Stream, item: Item, index: int) -> Parts:
        for name in names:
            stage = "failed" if name == "completed" and item["type"].startswith("mcp") and _failed(item) else name
            yield stream.event(f"response.{item['type']}.{stage}", item_id=item["id"], output_index=index)

    return events


def _failed(item: Item) -> bool:
    return item.get("status") == "failed" or bool(item.get("error"))


def _in_order(*parts: Callable[[Stream, Item, int], Parts]) -> Callable[[Stream, Item, int], Parts]:
    def events(stream: Stream, item: Item, index: int) -> Parts:
        for part in parts:
            yield from part(stream, item, index)

    return events


def _partial_images(stream: Stream, item: Item, index: int) -> Parts:
    shown = {key: item[key] for key in ("background", "output_format", "quality", "size") if key in item}
    for number in range(stream.previews):
        at = {"item_id": item["id"], "output_index": index, "partial_image_index": number}
        kind = "response.image_generation_call.partial_image"
        yield stream.event(kind, **at, partial_image_b64=picture(item, number + 1), **shown)


def _commands(stream: Stream, item: Item, index: int) -> Parts:
    for number, command in enumerate(item["action"]["commands"]):
        at = {"command_index": number, "output_index": index}
        yield stream.event("response.shell_call_command.added", **at, command="")
        yield from stream.deltas("response.shell_call_command.delta", command, **at)
        yield stream.event("response.shell_call_command.done", **at, command=command)


def _command_outputs(stream: Stream, item: Item, index: int) -> Parts:
    for number, output in enumerate(item["output"]):
        at = {"command_index": number, "item_id": item["id"], "output_index": index}
        said = {key: output[key] for key in ("stdout", "stderr") if output.get(key)}
        yield stream.event("response.shell_call_output_content.delta", **at, delta=said)
        yield stream.event("response.shell_call_output_content.done", **at, output=[output])


def _audio(stream: Stream, item: Item) -> Parts:
    """A voice, which belongs to no item: `data` in Base64 and its `transcript`."""
    yield from stream.deltas("response.audio.transcript.delta", item.get("transcript") or "")
    yield stream.event("response.audio.delta", delta=item.get("data") or "")
    yield stream.event("response.audio.transcript.done")
    yield stream.event("response.audio.done")


_EVENTS: Mapping[str, Callable[[Stream, Item, int], Parts]] = MappingProxyType(
    {
        "message": _message,
        "reasoning": _reasoning,
        "function_call": _written("function_call_arguments", "arguments"),
        "custom_tool_call": _written("custom_tool_call_input", "input"),
        "web_search_call": _stages("in_progress", "searching", "completed"),
        "file_search_call": _stages("in_progress", "searching", "completed"),
        "code_interpreter_call": _in_order(
            _stages("in_progress"), _written("code_interpreter_call_code", "code"), _stages("interpreting", "completed")
        ),
        "image_generation_call": _in_order(_stages("in_progress", "generating"), _partial_images, _stages("completed")),
        "mcp_call": _in_order(
            _stages("in_progress"), _written("mcp_call_arguments", "arguments"), _stages("completed")
        ),
        "mcp_list_tools": _stages("in_progress", "completed"),
        "shell_call": _commands,
        "shell_call_output": _command_outputs,
        "compaction": _stages("compacting"),
    }
)
"""The events between the announcement of an item and its end, by its type."""
