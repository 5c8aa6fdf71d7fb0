"""Finds the operation that a method and a path name.

Theory. A path without parameters is one dictionary lookup, under each base path it can have. Every other path walks a
tree with one node per segment, and there a literal segment goes before a parameter: the walk turns back only where
the literal way holds no operation for the method, so `GET /threads/runs` is the thread named "runs" although
`POST /threads/runs` is an operation. Segments are percent-decoded after the path is split, so an encoded slash stays
inside its parameter. An empty segment matches nothing: a trailing slash makes another, unknown URL. Case counts.

    Base     := "" | "/v1" | "/openai/v1" | "/openai" | "/openai/deployments/" deployment
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from openai_mock.spec.operations import Operation

BASES: Final = ("", "/v1", "/openai/v1", "/openai")
"""The base paths without a parameter."""

_NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})


class Found(Struct, frozen=True, gc=False):
    """An operation and the decoded values of its path parameters.

    `deployment` is the name in an Azure path, which stands for the model when the body names none.
    """

    operation: Operation
    params: Mapping[str, str] = _NO_PARAMS
    deployment: str | None = None


class Miss(Struct, frozen=True, gc=False):
    """No operation: an unknown URL where `allowed` is empty, else a known one that has other methods."""

    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Node:
    """One place in the tree of segments."""

    literal: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    methods: dict[str, list[Operation]] = field(default_factory=dict)


class Router:
    """Routes requests to operations. Of two with the same method, path and beta the later one counts."""

    __slots__ = ("_root", "_static")

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Build the tables. Raises ValueError where a path mixes text and a parameter within one segment."""
        self._root = _Node()
        self._static: dict[str, dict[str, Found | tuple[Found, ...]]] = {}
        static: set[str] = set()
        for operation in operations:
            if not _insert(self._root, operation, operation.path):
                static.add(operation.path)
            for path in operation.former:
                _insert(self._root, operation, path)
        for path in static:
            methods = _walk_literal(self._root, path).methods
            ready = {method: _ready(candidates) for method, candidates in methods.items()}
            self._static |= dict.fromkeys((base + path for base in BASES), ready)

    def find(self, method: str, path: str, headers: Mapping[str, str], query: str = "") -> Found | Miss:
        """The operation for an upper-case method and a path as sent; HEAD finds what GET finds.

        `headers` (lower-case names) and `query` (raw text) matter only where operations share method and path and
        differ by their OpenAI-Beta header or fixed query parameter.
        """
        at = self._static.get(path)
        if at is not None:
            found = at.get(method)
            if found is not None:
                return found if isinstance(found, Found) else _by_beta(found, headers, query)
        return self._search("GET" if method == "HEAD" else method, path, headers, query)

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods that operations have at a path, sorted; empty for an unknown URL."""
        methods: set[str] = set()
        located = _locate(path)
        if located is not None:
            segments, start, _ = located
            _collect(self._root, segments, start, methods)
        return tuple(sorted(methods))

    def _search(self, method: str, path: str, headers: Mapping[str, str], query: str) -> Found | Miss:
        located = _locate(path)
        if located is None:
            return Miss()
        segments, start, deployment = located
        values: list[str] = []
        candidates = _descend(self._root, segments, start, method, values)
        if candidates is None:
            return Miss(self.allowed(path))
        operation = candidates[0] if len(candidates) == 1 else _choose(candidates, headers, query)
        if not values:
            return Found(operation, _NO_PARAMS, deployment)
        return Found(operation, dict(zip(operation.path_params, values, strict=True)), deployment)


def _insert(root: _Node, operation: Operation, path: str) -> bool:
    """Put an operation into the tree; True where the path has parameters."""
    node, names = root, []
    for segment in path.split("/")[1:]:
        if segment.startswith("{") and segment.endswith("}"):
            names.append(segment[1:-1])
            node.parameter = node.parameter or _Node()
            node = node.parameter
        elif "{" in segment or not segment:
            raise ValueError(f"{operation.name}: a segment of {path!r} is neither plain text nor {{one}} name.")
        else:
            node = node.literal.setdefault(segment, _Node())
    if names != list(operation.path_params):
        raise ValueError(f"{operation.name}: describe the parameters of {path!r} in the order of the path.")
    candidates = node.methods.setdefault(operation.method, [])
    candidates[:] = [other for other in candidates if other.beta != operation.beta]
    candidates.append(operation)
    return bool(names)


def _walk_literal(root: _Node, path: str) -> _Node:
    node = root
    for segment in path.split("/")[1:]:
        node = node.literal[segment]
    return node


def _ready(candidates: Sequence[Operation]) -> Found | tuple[Found, ...]:
    """The answers for a static path, made before any request asks; the one without beta first."""
    found = tuple(Found(operation) for operation in sorted(candidates, key=lambda operation: operation.beta or ""))
    return found[0] if len(found) == 1 else found


def _by_beta(found: Sequence[Found], headers: Mapping[str, str], query: str) -> Found:
    if not query and "openai-beta" not in headers:
        return found[0]
    chosen = _choose([one.operation for one in found], headers, query)
    return next(one for one in found if one.operation is chosen)


def _choose(candidates: Sequence[Operation], headers: Mapping[str, str], query: str) -> Operation:
    """The operation that the OpenAI-Beta header or a fixed query parameter names, else the one without beta."""
    sent = {value.strip() for value in headers.get("openai-beta", "").split(",")}
    pairs = set(query.split("&"))
    for operation in candidates:
        if operation.beta in sent or any(f"{key}={value}" in pairs for key, value in operation.marker.items()):
            return operation
    return next((operation for operation in candidates if operation.beta is None), candidates[0])


def _locate(path: str) -> tuple[list[str], int, str | None] | None:
    """The decoded segments, where the operation's own path starts among them, and the deployment; None for no path."""
    segments = path.split("/")
    if segments[0] or len(segments) < 2:
        return None
    if "%" in path:
        segments = [unquote(segment) for segment in segments]
    if segments[1] == "v1":
        return segments, 2, None
    if segments[1] != "openai":
        return segments, 1, None
    match segments[2:4]:
        case ["v1", *_]:
            return segments, 3, None
        case ["deployments", str(name)] if name:
            return segments, 4, name
    return segments, 2, None


def _descend(
    node: _Node,
    segments: Sequence[str],
    at: int,
    method: str,
    values: list[str],
) -> list[Operation] | None:
    """The operations for the segments from `at` on, with their parameters appended to `values`."""
    if at == len(segments):
        return node.methods.get(method)
    segment = segments[at]
    child = node.literal.get(segment)
    if child is not None:
        found = _descend(child, segments, at + 1, method, values)
        if found is not None:
            return found
    child = node.parameter
    if child is None or not segment:
        return None
    values.append(segment)
    found = _descend(child, segments, at + 1, method, values)
    if found is None:
        values.pop()
    return found


def _collect(node: _Node, segments: Sequence[str], at: int, methods: set[str]) -> None:
    """Add the methods of every node that the segments from `at` on lead to."""
    if at == len(segments):
        methods.update(node.methods)
        return
    segment = segments[at]
    for child in (node.literal.get(segment), node.parameter if segment else None):
        if child is not None:
            _collect(child, segments, at + 1, methods)
