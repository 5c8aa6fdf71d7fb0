"""Answers with templates: what is a template in them, what templates may name, and the answer once it is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from openai_mock.engine.errors import ApiError
from openai_mock.engine.store import Object
from openai_mock.rules.answer import Answer, Fill, answer_of
from openai_mock.rules.asked import Asked
from openai_mock.rules.work import TemplateError, Work

At: TypeAlias = tuple[str | int, ...]
_SECRET = frozenset({"authorization", "api-key", "cookie", "proxy-authorization"})
_TYPED = frozenset({"arguments", "response", "usage", "annotations", "audio", "logprobs"})
"""Where a text that is nothing but one expression keeps the type of its value."""


_MARKS = ("{{", "{%")


class MisfilledError(Exception):
    """A template that cannot be read: where it stands in its answer, and why."""

    def __init__(self, at: At, error: TemplateError) -> None:
        super().__init__(str(error))
        self.at = at


def is_template(text: str) -> bool:
    """Whether a text has anything to be filled in."""
    return any(mark in text for mark in _MARKS)


def compiled(given: Any) -> Fill | None:
    """How to fill in an answer; None where it has no template. Raises MisfilledError."""
    tree = _compiled(given, ())
    if tree is given:
        return None

    def fill(names: Mapping[str, Any]) -> Any:
        return _filled(tree, names, Work(), typed=False)

    return fill


def _compiled(given: Any, at: At) -> Any:
    """The same tree with templates in place of texts; the very same object where there are none."""
    if isinstance(given, str):
        if not is_template(given):
            return given
        from openai_mock.rules.template import template  # noqa: PLC0415 - most answers have none

        try:
            return template(given)
        except TemplateError as error:
            raise MisfilledError(at, error) from None
    if isinstance(given, Mapping):
        made = {key: _compiled(value, (*at, key)) for key, value in given.items()}
        return made if any(made[key] is not given[key] for key in made) else given
    if isinstance(given, list | tuple):
        items = [_compiled(value, (*at, index)) for index, value in enumerate(given)]
        return items if any(one is not other for one, other in zip(items, given, strict=True)) else given
    return given


def _filled(tree: Any, names: Mapping[str, Any], work: Work, *, typed: bool) -> Any:
    from openai_mock.rules.template import Template  # noqa: PLC0415 - it is loaded: the tree has some

    if isinstance(tree, Template):
        return tree.value(names, work) if typed else tree.text(names, work)
    if isinstance(tree, Mapping):
        return {
            key: _filled(value, names, work, typed=(typed or key in _TYPED) and not _is_json_text(key, value))
            for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [_filled(value, names, work, typed=typed) for value in tree]
    return tree


def _is_json_text(key: str, value: Any) -> bool:
    """Whether a template writes all arguments of a call, as the JSON text that they are."""
    return key == "arguments" and not isinstance(value, Mapping | list)


def filled(answer: Answer, asked: Asked, rule: str, patterns: tuple[tuple[str, str], ...], number: int) -> Answer:
    """The answer to one call: itself, or what its templates make of it.

    `patterns` are the regular expressions of the rule with the texts they are searched in, `number` counts its calls.
    Raises the `ApiError` of a template that fails.
    """
    if answer.fill is None:
        return answer
    try:
        made: Any = answer.fill(_names(asked, patterns, number))
        return answer_of(made)
    except (TemplateError, TypeError) as error:
        message = f"The template of the rule '{rule}' failed: {error}."
        raise _of(rule, ApiError(500, message, type="server_error", code="template_error")) from None


def _of(rule: str, error: ApiError) -> ApiError:
    error.rule = rule
    return error


def _names(asked: Asked, patterns: tuple[tuple[str, str], ...], number: int) -> Object:
    """What templates may name; what a request does not have is left out."""
    names: Object = {
        "request": asked.fields,
        "model": asked.model,
        "operation": asked.operation,
        "headers": {name: value for name, value in asked.headers.items() if name not in _SECRET},
        "session": asked.session,
        "turn": asked.turn,
        "tools": list(asked.tools),
        "tool_results": [{"name": name, "content": content} for name, content in asked.tool_results],
        "nth": number,
    }
    if asked.last_user is not None:
        names["last_user"] = asked.last_user.raw
    if asked.system is not None:
        names["system"] = asked.system.raw
    if asked.tool_results:
        names["tool_result"] = asked.tool_results[-1][1]
    for pattern, text in patterns:
        if (found := asked.budget.search(pattern, text)) is not None:
            groups = {str(at): value or "" for at, value in enumerate((found[0], *found.groups()))}
            names["match"] = {**groups, **{name: value or "" for name, value in found.groupdict().items()}}
            break
    return names
