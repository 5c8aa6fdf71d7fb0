"""Formulas over scores, as a grader of several graders writes them: `0.7 * accuracy + 0.3 * max(style, tone)`.

Theory. A formula is parsed by Python's own parser and then walked; only what stands in `_BINARY`, `_UNARY` and
`FUNCTIONS` is known, so nothing is looked up, called or run that is not named here. A power beyond 1000 is refused, and
a result that is no finite number is an error, so that every formula ends at once with a number.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_LONGEST = 10_000
_STEEPEST = 1_000
_SHOWN = 200
FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "min": min,
        "max": max,
        "abs": abs,
        "floor": math.floor,
        "ceil": math.ceil,
        "exp": math.exp,
        "sqrt": math.sqrt,
        "log": math.log,
    }
)
"""What a formula may call."""


def _power(one: float, other: float) -> float:
    if abs(other) > _STEEPEST:
        raise FormulaError(f"The exponent {other:g} is too large.")
    made = float(one) ** other
    if isinstance(made, complex):
        raise FormulaError("The power of a negative number is no number.")
    return float(made)


_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: _power}
)
_UNARY: Mapping[type[ast.unaryop], Callable[[float], float]] = MappingProxyType(
    {ast.UAdd: operator.pos, ast.USub: operator.neg}
)


class FormulaError(ValueError):
    """A formula cannot be read or has no value; the message is a sentence."""


def evaluated(formula: str, scores: Mapping[str, float]) -> float:
    """The value of a formula whose names are scores. Raises FormulaError."""
    try:
        value = float(_value(_parsed(formula), scores))
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, FormulaError):
            raise
        raise FormulaError(f"The formula has no value: {error}.") from None
    if not math.isfinite(value):
        raise FormulaError("The value of the formula is no finite number.")
    return value


def unread(formula: str) -> frozenset[str]:
    """The names that a formula needs. Raises FormulaError where it cannot be read."""
    tree = _parsed(formula)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)
    _check(tree)
    return found


def _parsed(formula: str) -> ast.expr:
    if len(formula) > _LONGEST:
        raise FormulaError(f"A formula has at most {_LONGEST} characters.")
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError(f"'{_cut(formula)}' is no formula.") from None


def _cut(text: str) -> str:
    """As much of a formula as a sentence repeats."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _check(tree: ast.AST) -> None:
    """Raise FormulaError for what a formula may not hold."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        known = isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and _is_number(node.value))
        if isinstance(node, ast.BinOp):
            known = type(node.op) in _BINARY
        elif isinstance(node, ast.UnaryOp):
            known = type(node.op) in _UNARY
        elif isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
        if not known:
            raise _strange(node)


def _value(node: ast.expr, scores: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if _is_number(value):
            return float(value)
        case ast.Name(id=name) if name in scores:
            return scores[name]
        case ast.Name(id=name):
            raise FormulaError(f"The formula names '{name}', which is no grader here.")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, scores), _value(right, scores))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand, scores))
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*[_value(each, scores) for each in given])
        case _:
            raise _strange(node)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _strange(node: ast.expr) -> FormulaError:
    try:
        said = _cut(ast.unparse(node))
    except RecursionError:  # what is parsed can be nested deeper than what is written again
        said = type(node).__name__
    return FormulaError(
        f"'{said}' cannot stand in a formula; it may have numbers, names of graders, + - * / ** and "
        f"{', '.join(FUNCTIONS)}."
    )
