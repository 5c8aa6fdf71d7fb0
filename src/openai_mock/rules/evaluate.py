"""Expressions of templates: each kind of node a function, each value paid for before it is made."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from openai_mock.rules.wants import same
from openai_mock.rules.words import FILTERS, METHODS, TESTS, kind, written
from openai_mock.rules.work import MOST_BITS, STEP, TemplateError, Undefined, Work

Tree: TypeAlias = Any
Scope: TypeAlias = Mapping[str, Any]
Evaluate: TypeAlias = Callable[[Tree, Scope, Work], Any]

NAMES = frozenset({
    "request", "model", "operation", "headers", "session", "last_user", "system", "turn", "tools", "tool_result",
    "tool_results", "match", "nth",
})  # fmt: skip
"""What a template may name, besides what it sets itself."""
_MAY_ASK = frozenset({"default", "d"})


def evaluated(node: Tree, scope: Scope, work: Work) -> Any:
    """The value of an expression. Raises TemplateError, with the line of the innermost part that fails."""
    work.charge(STEP)
    try:
        return EXPRESSIONS[type(node).__name__](node, scope, work)
    except TemplateError as error:
        error.line = error.line or node.lineno
        raise
    except (ArithmeticError, TypeError, ValueError) as error:
        raise TemplateError(f"this cannot be computed: {error}", node.lineno) from None


def _there(node: Tree, scope: Scope, work: Work) -> Any:
    """A value that is there, paid for."""
    value = evaluated(node, scope, work)
    work.weigh(value)
    return value


def _name(node: Tree, scope: Scope, _: Work) -> Any:
    if node.name in scope:
        return scope[node.name]
    why = {
        "match": "'match' is there only where a text of the rule is compared by 'regex'",
        "tool_result": "'tool_result' is there only after a tool has answered",
        "last_user": "'last_user' is not there: the request has no message of a user",
        "system": "'system' is not there: the request has no system message",
    }
    return Undefined(why.get(node.name, f"'{node.name}' is not set here"))


def _attribute(node: Tree, scope: Scope, work: Work) -> Any:
    return _item_of(evaluated(node.node, scope, work), node.attr)


def _item(node: Tree, scope: Scope, work: Work) -> Any:
    held = evaluated(node.node, scope, work)
    if type(node.arg).__name__ != "Slice":
        return _item_of(held, _there(node.arg, scope, work))
    work.weigh(held)
    part = (node.arg.start, node.arg.stop, node.arg.step)
    ends = [None if each is None else _there(each, scope, work) for each in part]
    if not isinstance(held, str | list | tuple):
        raise TemplateError(f"a part can be taken of a text or a list, not of {kind(held)}")
    return held[slice(*ends)]


def _item_of(held: Any, key: Any) -> Any:
    if isinstance(held, Undefined):
        raise TemplateError(held.sentence)
    if isinstance(held, Mapping):
        if isinstance(key, str | int) and (found := held.get(key, held.get(str(key), held))) is not held:
            return found
        there = ", ".join(map(str, list(held)[:10])) or "nothing"
        return Undefined(f"there is no '{key}' here; there are {there}")
    if isinstance(held, list | tuple | str) and isinstance(key, int) and -len(held) <= key < len(held):
        return held[key]
    return Undefined(f"there is no '{key}' in {kind(held)}")


def _listed(node: Tree, scope: Scope, work: Work) -> list[Any]:
    return [_there(each, scope, work) for each in node.items]


def _object(node: Tree, scope: Scope, work: Work) -> dict[str, Any]:
    return {written(_there(pair.key, scope, work)): _there(pair.value, scope, work) for pair in node.items}


def _joined(node: Tree, scope: Scope, work: Work) -> str:
    parts = [written(_there(each, scope, work)) for each in node.nodes]
    work.charge(sum(map(len, parts)))
    return "".join(parts)


def _chosen(node: Tree, scope: Scope, work: Work) -> Any:
    if _there(node.test, scope, work):
        return evaluated(node.expr1, scope, work)
    return "" if node.expr2 is None else evaluated(node.expr2, scope, work)


def _and(node: Tree, scope: Scope, work: Work) -> Any:
    return _there(node.left, scope, work) and _there(node.right, scope, work)


def _or(node: Tree, scope: Scope, work: Work) -> Any:
    return _there(node.left, scope, work) or _there(node.right, scope, work)


_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "eq": same, "ne": lambda one, other: not same(one, other), "lt": operator.lt, "lteq": operator.le,
        "gt": operator.gt, "gteq": operator.ge, "in": lambda one, other: operator.contains(other, one),
        "notin": lambda one, other: not operator.contains(other, one),
    }
)  # fmt: skip


def _compared(node: Tree, scope: Scope, work: Work) -> bool:
    left = _there(node.expr, scope, work)
    for each in node.ops:
        right = _there(each.expr, scope, work)
        if not _COMPARED[each.op](left, right):
            return False
        left = right
    return True


def _given(node: Tree, scope: Scope, work: Work) -> tuple[list[Any], dict[str, Any]]:
    return (
        [_there(each, scope, work) for each in node.args],
        {each.key: _there(each.value, scope, work) for each in node.kwargs},
    )


def _filtered(node: Tree, scope: Scope, work: Work) -> Any:
    value = evaluated(node.node, scope, work)
    if node.name not in _MAY_ASK:
        work.weigh(value)
    args, named = _given(node, scope, work)
    return _paid(FILTERS[node.name](work, value, *args, **named), work)


def _tested(node: Tree, scope: Scope, work: Work) -> bool:
    value = evaluated(node.node, scope, work)
    args, _ = _given(node, scope, work)
    if node.name == "in":
        if len(args) != 1:
            raise TemplateError("the test 'in' takes one value: 'x is in y'")
        return bool(value in args[0])
    if node.name not in {"defined", "undefined"}:
        work.weigh(value)
    return bool(TESTS[node.name](value, *args))


def _called(node: Tree, scope: Scope, work: Work) -> Any:
    args, named = _given(node, scope, work)
    if type(node.node).__name__ == "Name":
        numbers = range(*args)
        work.charge(STEP * len(numbers[:1_000_000_000]))
        return list(numbers)
    held = _there(node.node.node, scope, work)
    return _paid(METHODS[node.node.attr](work, held, *args, **named), work)


def _paid(value: Any, work: Work) -> Any:
    if not isinstance(value, Undefined):
        work.weigh(value)
    return value


def _add(one: Any, other: Any, work: Work) -> Any:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        work.charge(STEP * (len(one) + len(other)))
        return [*one, *other]
    if isinstance(one, str) != isinstance(other, str):
        raise TemplateError(f"'+' adds two of a kind, not {kind(one)} and {kind(other)}; '~' joins texts")
    if isinstance(one, str):
        work.charge(len(one) + len(other))
    return one + other


def _times(one: Any, other: Any, work: Work) -> Any:
    for value, number in ((one, other), (other, one)):
        if isinstance(value, str | list | tuple):
            if not isinstance(number, int):
                raise TemplateError("a text or a list can be repeated a whole number of times")
            before = work.left
            work.weigh(value)
            work.charge((before - work.left) * max(0, number))
            return value * number if isinstance(value, str) else list(value) * number
    return one * other


def _power(one: Any, other: Any, _: Work) -> Any:
    if isinstance(one, int) and isinstance(other, int) and abs(other) * max(1, one.bit_length()) > MOST_BITS:
        raise TemplateError(f"a number of more than {MOST_BITS} bits is too large")
    return one**other


def _rest(one: Any, other: Any, _: Work) -> Any:
    if isinstance(one, str):
        raise TemplateError("'%' is for numbers; '~' joins texts")
    return one % other


def _binary(compute: Callable[[Any, Any, Work], Any]) -> Evaluate:
    def binary(node: Tree, scope: Scope, work: Work) -> Any:
        one, other = _there(node.left, scope, work), _there(node.right, scope, work)
        return work.number(compute(one, other, work))

    return binary


def _unary(compute: Callable[[Any], Any]) -> Evaluate:
    return lambda node, scope, work: compute(_there(node.node, scope, work))


EXPRESSIONS: Mapping[str, Evaluate] = MappingProxyType(
    {
        "Const": lambda node, _scope, _work: node.value,
        "TemplateData": lambda node, _scope, _work: node.data,
        "Name": _name,
        "Getattr": _attribute,
        "Getitem": _item,
        "List": _listed,
        "Tuple": _listed,
        "Dict": _object,
        "Concat": _joined,
        "CondExpr": _chosen,
        "And": _and,
        "Or": _or,
        "Not": _unary(operator.not_),
        "Neg": _unary(operator.neg),
        "Pos": _unary(operator.pos),
        "Compare": _compared,
        "Filter": _filtered,
        "Test": _tested,
        "Call": _called,
        "Add": _binary(_add),
        "Sub": _binary(lambda one, other, _: one - other),
        "Mul": _binary(_times),
        "Div": _binary(lambda one, other, _: one / other),
        "FloorDiv": _binary(lambda one, other, _: one // other),
        "Mod": _binary(_rest),
        "Pow": _binary(_power),
    }
)
"""How each kind of expression is evaluated."""
