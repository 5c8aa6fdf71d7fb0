"""Counts tokens as OpenAI does, offline: tiktoken's own encodings, from the vocabularies of this package.

Theory. An encoding first divides a text into words with a pattern, then merges bytes inside each word; nothing crosses
the border of a word. So a text may be cut at any place where the pattern must end a word, and its parts encoded one by
one, without changing a single token. Long texts are cut at such places, because tiktoken gives up with an exception
that is no `Exception` on a million blanks, and because the time of its older releases grows with the square of a word.

- up to 1,536 characters: one call of the encoder;
- longer: parts of 1,536 to 3,072 characters, ending where a word must end. Only a run of 1,536 characters without
  such a place (blanks, one letter repeated, a long number) is cut anyhow, which may add a token at each of those cuts;
- `count` beyond 2,000,000 characters: extrapolated from 32 evenly spaced samples.

Lone surrogates count as replacement characters, and the text of a special token as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from openai_mock.turns.encoder import encoder

REMEMBERED = 8_192
"""Characters of the longest text whose count is remembered: the system prompt that comes with every request."""
EXACT = 2_000_000
"""Characters of the longest text that is counted whole."""
_SAMPLES = 32
_SAMPLE = 32_768
_WINDOW = 1_536  # a multiple of 3: numbers are words of three digits, so even a cut run of digits counts exactly

_OLDER = re.compile(r"(?:ft:)?(?:gpt-3\.?5|gpt-4(?![.\w])|text-|code-|gpt-?2|(?:davinci|cushman|curie|babbage|ada)\b)")
# Blanks never follow anything else inside a word, nor does any of these marks follow a letter or a digit. The
# apostrophe is missing (it's), and so are combining marks, which continue a word.
_WORD_END = re.compile(r"(?<=\S) |(?<=[^\W_])[\n\r.,;:!?\"()\[\]{}<>=/+_\-\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b]")

PER_MESSAGE = 3
PER_NAME = 1
PER_REPLY = 3
PER_CALL = 3
_ROLES: dict[Any, int] = dict.fromkeys(("system", "developer", "user", "assistant", "tool", "function"), 1)

IMAGE_LOW = 85
IMAGE = 765
"""85 for the whole and 170 for each of the four tiles of a picture of 1024 x 1024; its true size is not looked at."""
AUDIO_BYTES_PER_TOKEN = {"wav": 4_800, "pcm16": 4_800}
"""Ten tokens a second; a second is 48,000 bytes of 24 kHz samples."""
_AUDIO_BYTES_PER_TOKEN_OTHER = 1_600
FILE = 1_000
"""A file by name or data: its size says little about the text in it."""


@lru_cache(maxsize=256)
def encoding_for(model: str) -> str:
    """The encoding a model counts with: `cl100k_base` up to gpt-4, `o200k_base` from gpt-4o on and for unknown names.

    A fine-tuned model (`ft:gpt-3.5-turbo:...`) counts as its base. Models before gpt-3.5 had smaller vocabularies;
    they count with `cl100k_base` too.
    """
    return "cl100k_base" if _OLDER.match(model) else "o200k_base"


def count(text: str, encoding: str) -> int:
    """The number of tokens of a text."""
    size = len(text)
    if size <= REMEMBERED:
        return _counted(text, encoding)
    if size <= EXACT:
        return _count_whole(text, encoding)
    step = (size - _SAMPLE) // (_SAMPLES - 1)
    seen = sum(_count_whole(text[at : at + _SAMPLE], encoding) for at in range(0, _SAMPLES * step, step))
    return round(seen * size / (_SAMPLES * _SAMPLE))


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of a text, all of them, however long it is."""
    if len(text) <= _WINDOW:
        return encoder(encoding).encode(text)
    return [token for tokens in encoded(text, encoding) for token in tokens]


def encoded(text: str, encoding: str) -> Iterator[list[int]]:
    """The tokens of a text, part by part. No character is divided between two parts."""
    present = encoder(encoding)
    return (present.encode(part) for part in _parts(text))


def spellings(tokens: Sequence[int], encoding: str) -> list[bytes]:
    """The bytes of each token. Raises `KeyError` for a number that is no token."""
    return encoder(encoding).spell(tokens)


def prompt_tokens(messages: Sequence[Mapping[str, Any]], model: str, tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """The prompt tokens of decoded request messages, and of the tools offered with them.

    Each message costs 3 and the tokens of its role, content and name, a name 1 more, and the answer to come 3.
    Estimates: a tool call costs 3 and the tokens of its name and arguments, an image 85 (`detail: low`) or 765, audio
    ten tokens a second, a file 1,000, and tools what `tools_tokens` says.
    """
    encoding = encoding_for(model)
    total = PER_REPLY + (tools_tokens(tools, encoding) if tools else 0)
    for message in messages:
        role = message.get("role")
        total += PER_MESSAGE + (_ROLES.get(role) or _count_if_text(role, encoding))
        content = message.get("content")
        if content.__class__ is str:
            total += count(content, encoding)
        elif content:
            total += sum(_part_tokens(part, encoding) for part in content)
        if len(message) > 2 or content is None:
            total += _rest_tokens(message, encoding)
    return total


def tools_tokens(tools: Sequence[Mapping[str, Any]], encoding: str) -> int:
    """An estimate of what offered tools add to a prompt, in the form of chat or of Responses.

    12 for all, 7 (10 with `cl100k_base`) for each tool and the tokens of its `name:description`, 3 for having
    parameters, 3 for each of them and the tokens of its `name:type:description`, and for an enum 3 and the tokens of
    each value, less 3. Parameters inside parameters cost the same.
    """
    if not tools:
        return 0
    each = 7 if encoding == "o200k_base" else 10
    return 12 + sum(each + _tool_tokens(tool, encoding) for tool in tools)


def _tool_tokens(tool: Mapping[str, Any], encoding: str) -> int:
    inner = tool.get("function")
    function: Mapping[str, Any] = inner if isinstance(inner, dict) else tool
    total = count(f"{function.get('name', '')}:{_line(function)}", encoding)
    schemas = [function.get("parameters")]
    while schemas:
        schema = schemas.pop()
        if not isinstance(schema, dict):
            continue
        properties = schema.get("properties")
        if isinstance(properties, dict) and properties:
            total += 3 + sum(_parameter_tokens(name, value, encoding) for name, value in properties.items())
            schemas.extend(properties.values())
        schemas.append(schema.get("items"))
    return total


def _parameter_tokens(name: str, schema: Any, encoding: str) -> int:
    if not isinstance(schema, dict):
        return 3 + count(name, encoding)
    total = 3 + count(f"{name}:{schema.get('type', '')}:{_line(schema)}", encoding)
    choices = schema.get("enum")
    if choices and isinstance(choices, list):
        total += 3 * len(choices) - 3 + sum(count(str(choice), encoding) for choice in choices)
    return total


def _line(described: Mapping[str, Any]) -> str:
    return str(described.get("description") or "").removesuffix(".")


def _rest_tokens(message: Mapping[str, Any], encoding: str) -> int:
    """What a message costs beyond its role and content."""
    total = 0
    if name := message.get("name"):
        total += PER_NAME + _count_if_text(name, encoding)
    total += _count_if_text(message.get("refusal"), encoding)
    for call in (*(message.get("tool_calls") or ()), message.get("function_call")):
        if isinstance(call, dict):
            inner = call.get("function") or call.get("custom")
            said = inner if isinstance(inner, dict) else call
            texts = (said.get("name"), said.get("arguments"), said.get("input"))
            total += PER_CALL + sum(_count_if_text(text, encoding) for text in texts)
    return total


def _part_tokens(part: Any, encoding: str) -> int:
    """What one content part costs, in the form of chat (`image_url`) or of Responses (`input_image`)."""
    if not isinstance(part, dict):
        return _count_if_text(part, encoding)
    kind = str(part.get("type"))
    if "image" in kind:
        nested = part.get("image_url")
        detail = nested.get("detail") if isinstance(nested, dict) else part.get("detail")
        return IMAGE_LOW if detail == "low" else IMAGE
    if "audio" in kind:
        audio = part.get("input_audio")
        return audio_tokens(audio if isinstance(audio, dict) else part)
    if "file" in kind:
        return FILE
    return _count_if_text(part.get("text"), encoding) + _count_if_text(part.get("refusal"), encoding)


def audio_tokens(audio: Mapping[str, Any]) -> int:
    """An estimate of what a recording costs, from its `data` in Base64 and its `format`: ten tokens a second."""
    data = audio.get("data")
    size = len(data) * 3 // 4 if isinstance(data, str) else 0
    return -(-size // AUDIO_BYTES_PER_TOKEN.get(str(audio.get("format")), _AUDIO_BYTES_PER_TOKEN_OTHER))


def _count_if_text(value: Any, encoding: str) -> int:
    return count(value, encoding) if isinstance(value, str) else 0


@lru_cache(maxsize=256)
def _counted(text: str, encoding: str) -> int:
    return _count_whole(text, encoding)


def _count_whole(text: str, encoding: str) -> int:
    if len(text) <= _WINDOW:
        return len(encoder(encoding).encode(text))
    return sum(map(len, encoded(text, encoding)))


def _parts(text: str) -> Iterator[str]:
    """The text in parts of at most two windows, cut where a word must end if such a place is in reach."""
    start, size = 0, len(text)
    while size - start > _WINDOW:
        found = _WORD_END.search(text, start + _WINDOW, start + 2 * _WINDOW)
        end = found.start() if found else start + _WINDOW
        yield text[start:end]
        start = end
    if start < size:
        yield text[start:]
