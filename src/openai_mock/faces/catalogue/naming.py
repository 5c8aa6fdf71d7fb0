"""Names for operations that the SDK does not have, made the way the SDK names its own: `resource.action`."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_PREFIX = re.compile(r"(?:/openai)?(?:/v1|/deployments/\{[^{}/]*\})?(?=/)")
_ACTIONS: Final[Mapping[str, str]] = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_SAYS_NOTHING: Final = frozenset(
    {"api", "v1", "get", "post", "put", "patch", "delete", "head", "for", "the", "a", "an"}
)


def bare(path: str) -> str:
    """The path without the base paths under which the server serves every operation: `/v1`, Azure's deployments."""
    return _PREFIX.sub("", path, count=1)


def shape(path: str) -> str:
    """The path without the names of its parameters: two of the same shape are the same place."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def derived(method: str, path: str, operation_id: str) -> str:
    """`listFineTunes` at `/fine-tunes` is `fine_tunes.list`: the path names the resource, the id what is done to it.

    An id that only repeats the path and the method says nothing; then the method and the path's end decide.
    """
    segments = [segment for segment in path.split("/") if segment]
    resource = [_snake(segment) for segment in segments if not segment.startswith("{")]
    resource = [step for step in resource if step]
    known = {_stem(word) for step in segments for word in _words(step)} | _SAYS_NOTHING
    action = "_".join(word for word in _words(operation_id) if _stem(word) not in known)
    return ".".join([*resource, action or _action(method, segments)])


def unused(name: str, taken: Container[str]) -> str:
    """The name, with the first number behind it that makes it unique."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _action(method: str, segments: list[str]) -> str:
    if method == "GET":
        return "retrieve" if segments and segments[-1].startswith("{") else "list"
    return _ACTIONS.get(method, method.lower())


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """The same for a word and its plural: `batch` and `batches`, `file` and `files`."""
    return word.removesuffix("s").removesuffix("e")


def _snake(text: str) -> str:
    return "_".join(_words(text))
