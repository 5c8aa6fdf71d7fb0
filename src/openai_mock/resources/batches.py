"""Batches: every line of the input file asked for real, through the whole mock, and written to files.

Theory. The file is judged when the batch leaves `validating`: anything wrong with a line fails the whole batch, before
anything was asked. The lines are asked when it comes to `finalizing`, all at once, with the credentials and the session
of whoever looks at the batch then; the ids of the two files wait beside the object until it comes to its end, whichever
that is. A batch that expires or is cancelled before has asked nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.asking import carried
from openai_mock.engine.errors import ApiError
from openai_mock.engine.file_object import file_content, keep_file
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.meaning import unknown_references
from openai_mock.engine.perform import Performed
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object
from openai_mock.wire import Request

_DAY = 86_400
_MOST_LINES = 50_000
_PURPOSE = "batch"
_RESULT, _ASKED = "result", "request"
"""The names of the bytes beside a batch: the ids of its files, and what its object does not show of the request."""
_encode = msgspec.json.Encoder().encode

batches = Resource(
    "batch",
    keeps="batches.retrieve",
    lifecycle=Lifecycle(
        "validating -> in_progress -> finalizing -> completed",
        "cancelling -> cancelled",
        moves=("validating | in_progress | finalizing -> cancelling",),
        expiry="validating | in_progress | finalizing -> expired",
        refusal="Cannot cancel a batch with status '{status}'.",
        refused=409,
    ),
)


batches.checks("batches.create")(unknown_references)


class _Line(Struct, frozen=True):
    """One line of the input file, as far as it is sound."""

    custom_id: str
    method: str
    url: str
    body: dict[str, Any]


class _Usage(Struct, frozen=True):
    """Tokens, in the words of chat or of Responses."""

    input_tokens: int = 0
    output_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Said(Struct, frozen=True):
    usage: _Usage | None = None


_read_line = msgspec.json.Decoder(dict[str, Any]).decode
_read_answer = msgspec.json.Decoder(_Said).decode


@batches.on("batches.create")
def create(call: Call) -> Answer:
    """Take a batch on. Its file is looked at while it is `validating`, so a wrong one fails the batch, not the call."""
    body, now = call.body, call.now
    _require_purpose(call, body["input_file_id"])
    unset = (
        "output_file_id", "error_file_id", "in_progress_at", "finalizing_at", "completed_at", "failed_at",
        "expired_at", "cancelling_at", "cancelled_at", "errors", "model", "usage",
    )  # fmt: skip
    made: Object = {
        "id": call.world.ids.hexadecimal("batch_"),
        "object": "batch",
        "endpoint": body["endpoint"],
        "input_file_id": body["input_file_id"],
        "completion_window": body["completion_window"],
        "status": "validating",
        "created_at": now,
        "expires_at": now + _DAY,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": body.get("metadata"),
        **dict.fromkeys(unset),
    }
    asked = body.get("output_expires_after")
    return call.create(made, beside={_ASKED: _encode(asked) if asked else None})


@batches.on("batches.cancel")
def cancel(call: Call) -> Answer:
    """Stop a batch that is not through yet."""
    return call.move(call.item, "cancelling", cancelling_at=call.now)


@batches.entering("in_progress")
def judge(call: Call, item: Object, at: int) -> Object:
    """Judge the input file; what is wrong with it fails the batch."""
    lines, flaws = _read(call, item)
    if flaws:
        return {**item, "status": "failed", "failed_at": at, "errors": {"object": "list", "data": flaws}}
    counts = {"total": len(lines), "completed": 0, "failed": 0}
    model = next((line.body.get("model") for line in lines), None)
    return {**item, "in_progress_at": at, "request_counts": counts, "model": model}


@batches.entering("finalizing")
def run(call: Call, item: Object, at: int) -> Object:
    """Ask every line and write the answers down."""
    lines, _ = _read(call, item)
    said: list[bytes] = []
    failed: list[bytes] = []
    used = [0, 0]
    for line in lines:
        answer = call.perform(_request(call, line), batch=True)
        good = not answer.cut and answer.status < 400
        (said if good else failed).append(_result(call, line, answer))
        if good:
            _count(used, answer)
    files = {
        "output_file_id": _written(call, item, "output", said, at),
        "error_file_id": _written(call, item, "error", failed, at),
    }
    call.collection("batches.retrieve").put_content(item["id"], _encode(files), _RESULT)
    counts = {"total": len(lines), "completed": len(said), "failed": len(failed)}
    return {**item, "finalizing_at": at, "request_counts": counts, "usage": _usage(*used)}


@batches.entering("completed")
def finish(call: Call, item: Object, at: int) -> Object:
    """Name the files that were written."""
    return {**item, "completed_at": at, **_files(call, item)}


@batches.entering("expired")
def expire(call: Call, item: Object, at: int) -> Object:
    """Note what was not asked within the completion window."""
    if asked := _files(call, item):
        return {**item, "expired_at": at, **asked}
    lines, flaws = _read(call, item)
    why = {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired.",
    }
    missed = [] if flaws else [_entry(call, line, None, why) for line in lines]
    counts = {"total": len(missed), "completed": 0, "failed": len(missed)}
    error_file = _written(call, item, "error", missed, at)
    return {**item, "expired_at": at, "error_file_id": error_file, "request_counts": counts}


@batches.entering("cancelled")
def stop(call: Call, item: Object, at: int) -> Object:
    """Note when it stopped; what had been asked by then is there."""
    return {**item, "cancelled_at": at, **_files(call, item)}


def _files(call: Call, item: Object) -> Object:
    """The fields that name the files of a batch whose lines were asked; none before."""
    collection = call.collection("batches.retrieve")
    files: Object = msgspec.json.decode(collection.content(item["id"], _RESULT) or b"{}")
    collection.put_content(item["id"], None, _RESULT)
    return files


def _require_purpose(call: Call, id_: str) -> None:
    """Raise a 400 for a file that was uploaded for something else."""
    file = call.collection("files.retrieve").find(id_)
    if file is not None and file["purpose"] != _PURPOSE and not call.world.lenient_ids:
        words = (
            f"Invalid 'input_file_id': expected a file with purpose '{_PURPOSE}', but got '{file['purpose']}' instead."
        )
        raise ApiError(400, words, param="input_file_id", code="invalid_value")


def _read(call: Call, item: Object) -> tuple[list[_Line], list[Object]]:
    """The lines of the input file, and what is wrong with them."""
    content = file_content(call, item["input_file_id"])
    if content is None:
        words = f"No such File object: {item['input_file_id']}"
        return [], [_flaw("invalid_file", words, "input_file_id", None)]
    rows = [(number, row) for number, row in enumerate(content.splitlines(), 1) if row.strip()]
    if not rows:
        return [], [_flaw("empty_file", "The input file has no requests.", "input_file_id", None)]
    if len(rows) > _MOST_LINES:
        words = f"The input file has {len(rows)} requests; a batch takes at most {_MOST_LINES}."
        return [], [_flaw("too_many_requests", words, "input_file_id", None)]
    lines: list[_Line] = []
    flaws: list[Object] = []
    taken: set[str] = set()
    for number, row in rows:
        found = _line(row, number, item["endpoint"], lines[0] if lines else None, taken)
        if isinstance(found, _Line):
            lines.append(found)
            taken.add(found.custom_id)
        else:
            flaws.append(found)
    return lines, flaws


def _line(row: bytes, number: int, endpoint: str, first: _Line | None, taken: set[str]) -> _Line | Object:
    """One line, or what is wrong with it."""
    try:
        fields = _read_line(row)
    except (ValueError, RecursionError):
        return _flaw("invalid_json_line", "This line is not parseable as valid JSON.", None, number)
    for name, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
        if not isinstance(fields.get(name), kind):
            return _flaw("missing_required_parameter", f"Missing required parameter: '{name}'.", name, number)
    line = _Line(fields["custom_id"], fields["method"], fields["url"], fields["body"])
    if line.custom_id in taken:
        words = (
            f"The custom_id '{line.custom_id}' for this request is a duplicate of another request. The custom_id "
            "parameter must be unique for each request in a batch."
        )
        return _flaw("duplicate_custom_id", words, "custom_id", number)
    if line.method != "POST":
        return _flaw("invalid_method", f"Invalid method '{line.method}'. Must be 'POST'.", "method", number)
    if line.url != endpoint:
        words = "The URL provided for this request does not prefix-match the batch endpoint."
        return _flaw("invalid_url", words, "url", number)
    if first is not None and line.body.get("model") != first.body.get("model"):
        words = (
            f"The model '{line.body.get('model')}' for this request does not match the rest of the batch. Each batch "
            "must contain requests for a single model."
        )
        return _flaw("mismatched_model", words, "body.model", number)
    if line.body.get("stream"):
        return _flaw("invalid_request", "Streaming is not supported in batches.", "body.stream", number)
    return line


def _flaw(code: str, message: str, param: str | None, line: int | None) -> Object:
    return {"code": code, "message": message, "param": param, "line": line}


def _request(call: Call, line: _Line) -> Request:
    headers = {**carried(call.request.headers), "content-type": "application/json"}
    return Request(line.method, line.url, headers=headers, body=_encode(line.body))


def _result(call: Call, line: _Line, answer: Performed) -> bytes:
    if answer.cut:
        return _entry(call, line, None, {"code": "connection_error", "message": "The connection broke."})
    response = {"status_code": answer.status, "request_id": answer.request_id, "body": Raw(answer.body or b"null")}
    return _entry(call, line, response, None)


def _entry(call: Call, line: _Line, response: Object | None, error: Object | None) -> bytes:
    id_ = call.world.ids.hexadecimal("batch_req_")
    return _encode({"id": id_, "custom_id": line.custom_id, "response": response, "error": error})


def _written(call: Call, item: Object, which: str, entries: Sequence[bytes], at: int) -> str | None:
    """The id of the file with these lines; None where there are none."""
    if not entries:
        return None
    asked = call.collection("batches.retrieve").content(item["id"], _ASKED)
    file = keep_file(
        call,
        b"".join(_ended(entries)),
        filename=f"{item['id']}_{which}.jsonl",
        purpose="batch_output",
        expires_after=msgspec.json.decode(asked) if asked else None,
        now=at,
    )
    return str(file["id"])


def _ended(entries: Iterable[bytes]) -> Iterator[bytes]:
    for entry in entries:
        yield entry
        yield b"\n"


def _count(used: list[int], answer: Performed) -> None:
    try:
        usage = _read_answer(answer.body).usage
    except msgspec.MsgspecError:
        return
    if usage is not None:
        used[0] += usage.input_tokens or usage.prompt_tokens
        used[1] += usage.output_tokens or usage.completion_tokens


def _usage(read: int, written: int) -> Object:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
