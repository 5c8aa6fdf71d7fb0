"""Training files for fine-tuning: whether every line is an example of the right form, and how many tokens it has.

Theory. The first line decides the form of the file, `chat`, `preference` or `completion`, and all lines must have it.
`supervised` learns from chats that end with the assistant and from completions, `dpo` from preferences, and
`reinforcement` from chats that end with the user. A file is judged line by line up to its first flaw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from openai_mock.turns.tokens import count, encoding_for, prompt_tokens

LEAST = 10
"""Examples that a file must have."""
Form: TypeAlias = Literal["chat", "preference", "completion"]
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_METHODS: Mapping[Form, tuple[str, ...]] = {
    "chat": ("supervised", "reinforcement"),
    "preference": ("dpo",),
    "completion": ("supervised",),
}
_HINT = 8
_OUTPUTS = ("preferred_output", "non_preferred_output")
_decode = msgspec.json.Decoder().decode


class Dataset(Struct, frozen=True):
    """What a file holds: the tokens of each example, and a short hash by which equal examples are recognised."""

    form: Form
    tokens: Sequence[int]
    marks: frozenset[bytes]


class DatasetError(Exception):
    """A file cannot be trained on; `code` is the API's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def dataset(content: bytes, *, file_id: str, method: str, model: str, kind: str = "training") -> Dataset:
    """Read a file. `kind` is `training` or `validation`, for the words. Raises DatasetError."""
    rows = [row for row in content.removeprefix(b"\xef\xbb\xbf").splitlines() if row.strip()]
    try:
        form, tokens = _read(rows, file_id, method, model)
    except _FlawError as flaw:
        words = f"The job failed due to an invalid {kind} file. {flaw}"
        raise DatasetError(f"invalid_{kind}_file", words) from None
    if len(rows) < LEAST and kind == "training":
        words = f"Training file has {len(rows)} example(s), but must have at least {LEAST} examples"
        raise DatasetError("invalid_n_examples", words)
    return Dataset(form, tokens, frozenset(blake2b(row.strip(), digest_size=12).digest() for row in rows))


class _FlawError(Exception):
    """What is wrong with a file, as a sentence."""


def _read(rows: Sequence[bytes], file_id: str, method: str, model: str) -> tuple[Form, list[int]]:
    form: Form = "chat"
    tokens: list[int] = []
    for number, row in enumerate(rows, 1):
        example = _dictionary(row, number)
        if number == 1:
            form = _form(example, file_id, method)
        for flaw in _flaws(example, form, method):
            raise _FlawError(f"Invalid file format. Example {number}{flaw}")
        tokens.append(_tokens(example, form, model))
    return form, tokens


def _dictionary(row: bytes, number: int) -> dict[str, Any]:
    try:
        read = _decode(row)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        start = row.strip()[:_HINT].decode("utf-8", "replace").replace('"', '\\"')
        raise _FlawError(
            f"Expected file to have JSONL format, where every line is a JSON dictionary. Line {number} is not a "
            f'dictionary (HINT: line starts with: "{start}...").'
        )
    return read


def _form(example: Mapping[str, Any], file_id: str, method: str) -> Form:
    form: Form
    if "messages" in example:
        form, name = "chat", "fine-tune-chat"
    elif "input" in example and example.keys() & {*_OUTPUTS}:
        form, name = "preference", "fine-tune-preference"
    elif "prompt" in example:
        form, name = "completion", "fine-tune-completion"
    else:
        raise _FlawError("Unexpected file format, expected either prompt/completion pairs or chat messages.")
    if method not in _METHODS[form]:
        raise _FlawError(
            f"Invalid file format. Input file {file_id} is in the {name} format, but the specified fine-tuning job is "
            f"not using '{_METHODS[form][0]}' as the training method (provided method='{method}')."
        )
    return form


def _flaws(example: Mapping[str, Any], form: Form, method: str) -> Iterator[str]:
    """What is wrong with an example, as the rest of a sentence that has named it."""
    if form == "completion":
        missing = [key for key in ("prompt", "completion") if not isinstance(example.get(key), str)]
        yield from (f' Field "{key}" is missing or not a string' for key in missing)
    elif form == "chat":
        yield from _conversation_flaws(example, "")
        last = example["messages"][-1]["role"]
        if method == "reinforcement" and last == "assistant":
            yield " Last message is from the assistant"
        elif method == "supervised" and last != "assistant":
            yield " Last message is not from the assistant"
    else:
        given = example["input"]
        yield from _conversation_flaws(given if isinstance(given, dict) else {}, " input")
        for key in _OUTPUTS:
            said = example.get(key)
            yield from _conversation_flaws({"messages": said}, f" {key}")
            if any(message["role"] not in {"assistant", "tool"} for message in said or ()):
                yield f" {key} has a message that is not from the assistant"


def _conversation_flaws(given: Mapping[str, Any], where: str) -> Iterator[str]:
    messages, tools = given.get("messages"), given.get("tools")
    if not isinstance(messages, list) or not messages:
        yield f'{where} Key "messages" is missing or not a list of messages'
        return
    if tools is not None and not (isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools)):
        yield f'{where} Key "tools" is not a list of tools'
    for number, message in enumerate(messages, 1):
        flaw = _message_flaw(message)
        if flaw:
            yield f"{where}, message {number} {flaw}"
            return


def _message_flaw(message: Any) -> str:
    if not isinstance(message, dict):
        return "is not a dictionary"
    if "role" not in message:
        return "Discriminator 'role' is missing in value"
    role, content = message["role"], message.get("content")
    if role not in _ROLES:
        return f"Input tag '{role}' found using 'role' does not match any of the expected tags"
    calls = message.get("tool_calls")
    if calls is not None and not (isinstance(calls, list) and all(isinstance(call, dict) for call in calls)):
        return "Field 'tool_calls' is not a list of calls"
    if content is None and not (role == "assistant" and (calls or message.get("function_call"))):
        return "Field 'content' is missing"
    if content is not None and not isinstance(content, str):
        parts = content if isinstance(content, list) else [None]
        if not all(isinstance(part, dict) for part in parts):
            return "Field 'content' is neither a string nor a list of parts"
    weight = message.get("weight")
    return "" if weight in (None, 0, 1) else "Field 'weight' must be 0 or 1"


def _tokens(example: Mapping[str, Any], form: Form, model: str) -> int:
    """The tokens of an example: of its messages with their frames, and of the tools that it offers."""
    if form == "completion":
        encoding = encoding_for(model)
        return count(example["prompt"], encoding) + count(example["completion"], encoding)
    if form == "chat":
        return prompt_tokens(example["messages"], model, example.get("tools") or ())
    given = example["input"]
    asked = prompt_tokens(given["messages"], model, given.get("tools") or ())
    return asked + sum(prompt_tokens(example[key], model) for key in _OUTPUTS)
