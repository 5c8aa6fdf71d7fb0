"""Reads the HTTP calls out of the source of the SDK's synchronous resources.

Theory. A resource method makes exactly one call of `self._get`, `_post`, `_put`, `_patch`, `_delete` or
`_get_api_list`; a helper such as `create_and_poll` calls other methods instead and so never shows up. What the call
says (path, body type, query type, answer type) are expressions over the module's own names, so they are resolved
against the imported module rather than evaluated.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Union
from urllib.parse import parse_qsl

import openai
from openai._resource import SyncAPIResource
from openai._types import NotGiven, Omit

_VERBS = frozenset({"_get", "_post", "_put", "_patch", "_delete", "_get_api_list"})


@dataclass(frozen=True)
class Fields:
    """What one part of a request (body or query) is made from: the types, and the parameters that reach it."""

    types: tuple[Any, ...]
    keys: frozenset[str] | None
    """None where the source does not name them one by one."""


@dataclass(frozen=True)
class Call:
    """One HTTP call of the SDK, its types resolved."""

    accessors: tuple[str, ...]
    """Paths from the client to the method, the shortest first: `chat.completions.create`."""
    method: str
    path: str
    marker: dict[str, str]
    """The fixed query parameters that tell this call from another on the same path."""
    path_params: dict[str, Any]
    body: Fields | None
    query: Fields | None
    multipart: bool
    answer: Any
    """The type of the answer; None for a page."""
    page: type | None
    item: Any
    event: Any
    streams_only: bool
    accept: str | None
    beta: str | None
    headers: dict[str, Any] = field(default_factory=dict)
    admin: bool = False
    deprecated: bool = False


@dataclass(frozen=True)
class _Method:
    """One resource method while it is read."""

    module: ModuleType
    node: ast.FunctionDef
    names: dict[str, ast.expr]
    """Local names and what was last assigned to them."""

    def follow(self, node: ast.expr | None) -> ast.expr | None:
        return self.names.get(node.id, node) if isinstance(node, ast.Name) else node

    def resolve(self, node: ast.expr) -> Any:
        return resolve(node, vars(self.module))

    def parameter(self, name: str) -> Any:
        """The type of one of the method's parameters."""
        spec = self.node.args
        for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            if arg.arg == name and arg.annotation is not None:
                return self.resolve(arg.annotation)
        raise LookupError(f"{self.module.__name__}: {self.node.name} has no parameter {name!r}.")


def calls() -> Iterator[Call]:
    """Every HTTP call of the installed SDK's synchronous client."""
    for kind, accessors in sorted(resources().items(), key=lambda pair: pair[1]):
        module = importlib.import_module(kind.__module__)
        for statement in _class_body(module, kind.__name__):
            if isinstance(statement, ast.FunctionDef) and not _decorated(statement, "overload"):
                method = _Method(module, statement, _assignments(statement))
                for node in ast.walk(statement):
                    if isinstance(node, ast.Call) and _is_request(node):
                        yield _call(method, node, tuple(f"{way}.{statement.name}" for way in accessors))


def resources() -> dict[type, tuple[str, ...]]:
    """The resource classes of a real client and the ways that lead to each, the shortest first."""
    ways: dict[type, list[str]] = {}
    # Earlier SDKs know no key for administrators.
    known = inspect.signature(openai.OpenAI).parameters
    keys: dict[str, Any] = {name: "unused" for name in ("api_key", "admin_api_key") if name in known}
    with openai.OpenAI(**keys) as client:
        _walk(client, "", ways)
    return {kind: tuple(sorted(found, key=lambda way: (way.count("."), way))) for kind, found in ways.items()}


def resolve(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """The object an annotation-like expression names. Raises LookupError for other kinds of expression."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return namespace[name] if name in namespace else getattr(builtins, name)
        case ast.Attribute(value=owner, attr=attr):
            return getattr(resolve(owner, namespace), attr)
        case ast.Tuple(elts=parts):
            return tuple(resolve(part, namespace) for part in parts)
        case ast.Subscript(value=owner, slice=argument):
            return resolve(owner, namespace)[resolve(argument, namespace)]
        case ast.Call(func=ast.Name(id="cast"), args=[_, target]):
            return resolve(target, namespace)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            sides = [resolve(side, namespace) for side in (left, right)]
            kept = [side for side in sides if side not in (Omit, NotGiven)]
            return Union[tuple(kept)]  # noqa: UP007 - the members are known only here
    raise LookupError(f"The SDK writes a type in a way that is not known: {ast.unparse(node)}")


def _walk(owner: object, prefix: str, ways: dict[type, list[str]]) -> None:
    for name, attribute in inspect.getmembers_static(type(owner)):
        if name.startswith(("_", "with_")) or not hasattr(attribute, "func"):
            continue
        value = getattr(owner, name)
        if isinstance(value, SyncAPIResource):
            for kind in _sources(type(value)):
                ways.setdefault(kind, []).append(prefix + name)
            _walk(value, f"{prefix}{name}.", ways)


def _sources(kind: type) -> Iterator[type]:
    """The class and its parents that may hold calls: the SDK wraps some generated resources in a subclass."""
    return (parent for parent in kind.__mro__ if issubclass(parent, SyncAPIResource) and parent is not SyncAPIResource)


def _class_body(module: ModuleType, name: str) -> list[ast.stmt]:
    tree = ast.parse(inspect.getsource(module))
    return next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _decorated(node: ast.FunctionDef, name: str) -> bool:
    return any(name in ast.unparse(decorator) for decorator in node.decorator_list)


def _assignments(node: ast.FunctionDef) -> dict[str, ast.expr]:
    return {
        target.id: statement.value
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _is_request(node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(value=ast.Name(id="self"), attr=attr):
            return attr in _VERBS
    return False


def _call(method: _Method, node: ast.Call, accessors: tuple[str, ...]) -> Call:
    said = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    options = method.follow(said.get("options"))
    asked = {word.arg: word.value for word in options.keywords if word.arg} if isinstance(options, ast.Call) else {}
    template = _template(method.follow(node.args[0]))
    path, _, fixed = template.partition("?")
    sent = _headers(method)
    page = said.get("page")
    stream = said.get("stream")
    return Call(
        accessors=accessors,
        method=_verb(node, said),
        path=path,
        marker=dict(parse_qsl(fixed)),
        path_params={name: method.parameter(name) for name in _placeholders(path)},
        body=_fields(method, said.get("body")),
        query=_fields(method, asked.get("query")),
        multipart="files" in said,
        answer=None if page is not None else _answer(method, said["cast_to"]),
        page=method.resolve(page.value) if isinstance(page, ast.Subscript) else None,
        item=method.resolve(page.slice) if isinstance(page, ast.Subscript) else None,
        event=_event(method, said.get("stream_cls")),
        streams_only=isinstance(stream, ast.Constant) and stream.value is True,
        accept=_constant(sent.get("accept")),
        beta=_beta(method, sent.get("openai-beta")),
        headers={name: kind for name, kind in _header_params(method).items() if name.lower() != "openai-beta"},
        admin="admin_api_key_auth" in ast.unparse(asked["security"]) if "security" in asked else False,
        deprecated=_decorated(method.node, "deprecated"),
    )


def _verb(node: ast.Call, said: dict[str, ast.expr]) -> str:
    named = _constant(said.get("method"))
    if named is not None:
        return named.upper()
    assert isinstance(node.func, ast.Attribute)
    return "GET" if node.func.attr == "_get_api_list" else node.func.attr.removeprefix("_").upper()


def _template(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(path)):
            return path
        case ast.Call(func=ast.Name(id="path_template"), args=[ast.Constant(value=str(path)), *_]):
            return path
        case ast.JoinedStr(values=parts):  # How SDK 1.x and 2.x write a path with parameters.
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{" + ast.unparse(_inner(part)) + "}"
                for part in parts
            )
    raise LookupError(f"The SDK writes a path in a way that is not known: {node and ast.unparse(node)}")


def _inner(part: ast.expr) -> ast.expr:
    assert isinstance(part, ast.FormattedValue)
    return part.value


def _placeholders(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _fields(method: _Method, node: ast.expr | None) -> Fields | None:
    """Reads `maybe_transform(values, Type)`, also `Streaming if stream else NonStreaming` in place of the type."""
    node = method.follow(node)
    match node:
        case None:
            return None
        case ast.Call(func=ast.Name(id="maybe_transform"), args=[values, ast.IfExp(body=one, orelse=other)]):
            return Fields((method.resolve(other), method.resolve(one)), _keys(method, values))
        case ast.Call(func=ast.Name(id="maybe_transform"), args=[values, kind]):
            return Fields((method.resolve(kind),), _keys(method, values))
    raise LookupError(f"{method.module.__name__}: {method.node.name} makes its parameters in a way that is not known.")


def _keys(method: _Method, node: ast.expr) -> frozenset[str] | None:
    match method.follow(node):
        case ast.Dict(keys=keys):
            return frozenset(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        case ast.Call(func=ast.Name(id="deepcopy_with_paths"), args=[values, *_]):
            return _keys(method, values)
    return None


def _answer(method: _Method, node: ast.expr) -> Any:
    """The type after `cast_to`; where a function chooses it at run time, what the method says it returns."""
    found = method.follow(node)
    assert found is not None
    if isinstance(found, ast.Call) and not (isinstance(found.func, ast.Name) and found.func.id == "cast"):
        assert method.node.returns is not None
        return method.resolve(method.node.returns)
    return method.resolve(found)


def _event(method: _Method, node: ast.expr | None) -> Any:
    """The X of `Stream[X]`, also where a subclass of it stands."""
    if node is None:
        return None
    if isinstance(node, ast.Subscript):
        return method.resolve(node.slice)
    for parent in method.resolve(node).__orig_bases__:
        if issubclass(getattr(parent, "__origin__", object), openai.Stream):
            return parent.__args__[0]
    raise LookupError(f"{method.module.__name__}: {method.node.name} streams events of a kind that is not known.")


def _headers(method: _Method) -> dict[str, ast.expr]:
    """The values under constant keys that look like header names, by lower-case name."""
    return {
        key.value.lower(): value
        for node in ast.walk(method.node)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in ("Accept", "OpenAI-Beta", "openai-beta")
    }


def _header_params(method: _Method) -> dict[str, Any]:
    """Headers that a parameter of the method fills: `strip_not_given({"Idempotency-Key": idempotency_key})`."""
    found = {}
    for node in ast.walk(method.node):
        match node:
            case ast.Call(func=ast.Name(id="strip_not_given"), args=[ast.Dict(keys=keys, values=values)]):
                for key, value in zip(keys, values, strict=True):
                    assert isinstance(key, ast.Constant)
                    found[str(key.value)] = _source(method, value)
    return found


def _source(method: _Method, node: ast.expr) -> Any:
    """The type of the one parameter of the method that an expression reads."""
    spec = method.node.args
    known = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
    return method.parameter(next(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in known))


def _beta(method: _Method, node: ast.expr | None) -> str | None:
    """The OpenAI-Beta value: a constant, or the only one that a `betas` parameter admits."""
    if node is None or isinstance(node, ast.Constant):
        return _constant(node)
    (choices,) = _source(method, node).__args__
    (value,) = choices.__args__
    return str(value)


def _constant(node: ast.expr | None) -> str | None:
    return str(node.value) if isinstance(node, ast.Constant) else None
