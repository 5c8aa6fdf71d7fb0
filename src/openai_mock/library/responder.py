"""Functions that answer: which of the things on offer they take, by the names of their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from openai_mock.library.views import SentRequest
from openai_mock.spec.operations import Operation

if TYPE_CHECKING:
    from openai_mock.library.answering import Job

_BY_PLACE = ("request", "route")
_OFFERED = ("request", "route", "state_store")


def checked(function: Callable[..., Any], operation: Operation | None) -> None:
    """Raise ValueError, which names what is on offer, for a parameter that nothing can be given for."""
    if operation is None:
        return
    offered = (*_OFFERED, *operation.path_params)
    for place, parameter in enumerate(_parameters(function)):
        named = parameter.name in offered or parameter.default is not parameter.empty
        if named or _collects(parameter) or _by_place(place, parameter):
            continue
        raise ValueError(
            f"{getattr(function, '__name__', 'The function')}() takes '{parameter.name}', which {operation.name} "
            f"cannot give. On offer are {', '.join(offered)}."
        )


def arguments(function: Callable[..., Any], job: Job) -> tuple[list[Any], dict[str, Any]]:
    """What to call a function with. The first two parameters may have any name: they are request and route."""
    call = job.call
    offered = {
        "request": SentRequest(call.request),
        "route": job.owner,
        "state_store": call.store,
        **call.params,
    }
    given: list[Any] = []
    named: dict[str, Any] = {}
    for place, parameter in enumerate(_parameters(function)):
        if parameter.kind is parameter.VAR_KEYWORD:
            named |= offered
        elif _by_place(place, parameter):
            given.append(offered.pop(parameter.name if parameter.name in offered else _BY_PLACE[place]))
        elif parameter.name in offered and not _collects(parameter):
            named[parameter.name] = offered.pop(parameter.name)
    return given, named


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some callables of C have no signature
        return [inspect.Parameter("request", inspect.Parameter.POSITIONAL_ONLY)]


def _by_place(place: int, parameter: inspect.Parameter) -> bool:
    positional = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    return positional and place < len(_BY_PLACE) and parameter.default is parameter.empty


def _collects(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
