"""Templates: Jinja's language over the values of JSON, with a bound on time and memory that nothing gets around.

Theory. Jinja's own sandbox keeps a template from reaching out, but neither from running long nor from filling memory:
`{{ "a" * 10**9 }}` and nested loops are legal there, and constants are folded while it compiles. So only its parser is
used. The tree is checked when it is loaded (what it may name, which filters and methods there are) and is then walked,
each step and each value paid for in advance (`work`). There is nothing to reach: values are those of JSON, names are
those that are given, and the only functions are filters, tests, a few methods and `range`.

What is not there is an error when it is used, as with Jinja's `StrictUndefined`; `is defined` and `default` may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

from openai_mock.rules.evaluate import EXPRESSIONS, NAMES, evaluated
from openai_mock.rules.words import FILTERS, METHODS, TESTS, items_of, written
from openai_mock.rules.work import DEEPEST, LONGEST, STEP, TemplateError, Work

Tree: TypeAlias = Any
"""A node of Jinja's syntax tree."""
Scope: TypeAlias = dict[str, Any]
_STATEMENTS = frozenset({"Template", "Output", "TemplateData", "If", "For", "Assign", "With"})
_PARTS = frozenset({"Keyword", "Pair", "Operand", "Slice"})
_FUNCTIONS = ("range",)


class Template(Struct, frozen=True):
    """A template that was checked. `alone` is its only expression, where it is nothing else."""

    body: tuple[Tree, ...]
    alone: Tree | None = None

    def text(self, names: Mapping[str, Any], work: Work) -> str:
        """What the template writes. Raises TemplateError."""
        out: list[str] = []
        _Writer(out, work).run(self.body, dict(names))
        return "".join(out)

    def value(self, names: Mapping[str, Any], work: Work) -> Any:
        """The value of its only expression, with its type; else what the template writes."""
        if self.alone is None:
            return self.text(names, work)
        value = evaluated(self.alone, dict(names), work)
        work.weigh(value)
        return value


def template(text: str) -> Template:
    """Read and check a template. Raises TemplateError with a sentence and the line."""
    try:
        tree = _environment().parse(text)
        _check(tree)
    except RecursionError:
        raise TemplateError("expressions lie too deep in one another") from None
    body = tuple(tree.body)
    only: list[Tree] = body[0].nodes if len(body) == 1 and type(body[0]).__name__ == "Output" else []
    alone = only[0] if len(only) == 1 and type(only[0]).__name__ != "TemplateData" else None
    return Template(body, alone)


@lru_cache(maxsize=1)
def _environment() -> Any:
    """Jinja's parser. Nothing is run by it."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - 30 ms, and most configurations have no template
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True)

    class Reader:
        """The parser, with its error as ours."""

        @staticmethod
        def parse(text: str) -> Tree:
            try:
                return environment.parse(text)
            except TemplateSyntaxError as error:
                raise TemplateError(f"the template cannot be read: {error.message}", error.lineno) from None

    return Reader


# Checking: everything that can be known before a request comes.


def _check(tree: Tree) -> None:
    assigned = set(_assigned(tree))
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise TemplateError(f"expressions lie more than {DEEPEST} deep in one another", node.lineno)
        _check_one(node, assigned)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes() if not _is_callee(node, child)]
        if type(node).__name__ == "Call" and type(node.node).__name__ == "Getattr":
            waiting.append((node.node.node, depth + 1))


def _is_callee(node: Tree, child: Tree) -> bool:
    return type(node).__name__ == "Call" and child is node.node


def _assigned(tree: Tree) -> Iterator[str]:
    from jinja2 import nodes  # noqa: PLC0415 - it is loaded: the tree is its own

    yield from (name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
    if tree.find(nodes.For):
        yield "loop"


def _check_one(node: Tree, assigned: set[str]) -> None:
    name = type(node).__name__
    if name not in _STATEMENTS and name not in _PARTS and name not in EXPRESSIONS:
        what = _spelled(name)
        raise TemplateError(f"'{what}' is not for these templates; there are set, if, for and with", node.lineno)
    if name == "Name" and node.ctx == "load" and node.name not in assigned and node.name not in NAMES:
        raise TemplateError(_unknown(node.name, "there is nothing named", sorted(NAMES)), node.lineno)
    if name == "Filter" and node.name not in FILTERS:
        raise TemplateError(_unknown(node.name, "there is no filter", sorted(FILTERS)), node.lineno)
    if name == "Test" and node.name not in TESTS and node.name != "in":
        raise TemplateError(_unknown(node.name, "there is no test", sorted(TESTS)), node.lineno)
    if name in {"Call", "Filter", "Test"} and (node.dyn_args or node.dyn_kwargs):
        raise TemplateError("arguments with * or ** are not for these templates", node.lineno)
    if name == "Call":
        _check_call(node)
    if name == "For" and node.recursive:
        raise TemplateError("'recursive' loops are not for these templates", node.lineno)


def _check_call(node: Tree) -> None:
    callee = type(node.node).__name__
    if callee == "Getattr":
        if node.node.attr not in METHODS:
            raise TemplateError(_unknown(node.node.attr, "there is no method", sorted(METHODS)), node.lineno)
    elif callee != "Name" or node.node.name not in _FUNCTIONS:
        called = node.node.name if callee == "Name" else "this"
        what = f"'{called}' cannot be called; the only function is range, the rest are filters"
        raise TemplateError(what, node.lineno)


def _unknown(name: str, what: str, valid: list[str]) -> str:
    near = get_close_matches(name, valid, n=1)
    return f"{what} '{name}'; " + (f"did you mean '{near[0]}'?" if near else f"there are {', '.join(valid)}")


def _spelled(kind: str) -> str:
    spelled = {"CallBlock": "call", "FilterBlock": "filter", "AssignBlock": "set without a value", "NSRef": "set a.b"}
    return spelled.get(kind, kind.lower())


# Writing.


class _Writer:
    """Walks statements and writes what they say to `out`."""

    __slots__ = ("_left", "_out", "_work")

    def __init__(self, out: list[str], work: Work) -> None:
        self._out, self._work, self._left = out, work, LONGEST

    def run(self, body: Any, scope: Scope) -> None:
        for node in body:
            self._work.charge(STEP)
            try:
                _STATEMENT[type(node).__name__](self, node, scope)
            except TemplateError as error:
                error.line = error.line or node.lineno
                raise

    def output(self, node: Tree, scope: Scope) -> None:
        for each in node.nodes:
            value = each.data if type(each).__name__ == "TemplateData" else evaluated(each, scope, self._work)
            self._work.weigh(value)
            text = written(value)
            self._work.charge(len(text))
            self._left -= len(text)
            if self._left < 0:
                raise TemplateError(f"the template writes more than {LONGEST} characters")
            self._out.append(text)

    def choose(self, node: Tree, scope: Scope) -> None:
        for each in (node, *node.elif_):
            if _true(evaluated(each.test, scope, self._work), self._work):
                self.run(each.body, scope)
                return
        self.run(node.else_, scope)

    def loop(self, node: Tree, scope: Scope) -> None:
        value = evaluated(node.iter, scope, self._work)
        self._work.weigh(value)
        items = items_of(value)
        inner: Scope = dict(scope)
        if node.test is not None:
            items = [each for each in items if self._kept(node, each, inner)]
        for at, each in enumerate(items):
            self._work.charge(STEP + len(scope))
            inner = dict(scope)
            _assign(node.target, each, inner)
            inner["loop"] = {
                "index": at + 1, "index0": at, "first": at == 0, "last": at + 1 == len(items), "length": len(items),
                "revindex": len(items) - at, "revindex0": len(items) - at - 1,
            }  # fmt: skip
            self.run(node.body, inner)
        if not items:
            self.run(node.else_, scope)

    def _kept(self, node: Tree, each: Any, inner: Scope) -> bool:
        self._work.charge(STEP)
        _assign(node.target, each, inner)
        return _true(evaluated(node.test, inner, self._work), self._work)

    def assign(self, node: Tree, scope: Scope) -> None:
        _assign(node.target, evaluated(node.node, scope, self._work), scope)

    def within(self, node: Tree, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            _assign(target, evaluated(value, scope, self._work), inner)
        self.run(node.body, inner)


def _true(value: Any, work: Work) -> bool:
    work.weigh(value)
    return bool(value)


def _assign(target: Tree, value: Any, scope: Scope) -> None:
    if type(target).__name__ == "Name":
        scope[target.name] = value
        return
    if type(target).__name__ != "Tuple":
        raise TemplateError("'set' takes a name; what is in an object or a list cannot be changed")
    if not isinstance(value, list | tuple) or len(value) != len(target.items):
        raise TemplateError(f"a list of {len(target.items)} is to be taken apart here, but the value is none")
    for each, item in zip(target.items, value, strict=True):
        _assign(each, item, scope)


_STATEMENT: Mapping[str, Callable[[_Writer, Tree, Scope], None]] = {
    "Output": _Writer.output,
    "If": _Writer.choose,
    "For": _Writer.loop,
    "Assign": _Writer.assign,
    "With": _Writer.within,
}
