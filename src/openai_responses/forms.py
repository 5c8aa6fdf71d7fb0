"""The forms of an answer that such tests give, as the native routes take them.

Native are a dict, a response of httpx or httpx2, an exception, a list. What needs a word more:

    a model of the SDK   is kept in the state as well
    a function           takes the request of the HTTP library, a route whose count leaves the running call out,
                         `state_store`, and the parameters of the path by name
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from openai_mock import SentRequest
from openai_responses.calls import sent_request
from openai_responses.sdk import is_model
from openai_responses.stores import StateStore

State: TypeAlias = Callable[[], StateStore]
Told: TypeAlias = Callable[[Any], Any]
"""What a function is to see as its route, given the native one."""
_BY_PLACE = ("request", "route")


def native_form(value: Any, state: State, told: Told, offered: tuple[str, ...]) -> Any:
    """An answer as a native route takes it. `offered` are the names of the path's parameters. Raises ValueError."""
    if isinstance(value, list | tuple):
        return [native_form(each, state, told, offered) for each in value]
    if is_model(value):
        return _kept(value, state)
    if callable(value) and not isinstance(value, type):
        _check(value, offered)
        return _asking(value, state, told)
    return value


def _kept(value: Any, state: State) -> Callable[..., Any]:
    def model(_request: Any) -> Any:
        state().keep(value)
        return value

    return model


def _asking(function: Callable[..., Any], state: State, told: Told) -> Callable[..., Any]:
    def answered(value: Any) -> Any:
        if is_model(value):
            state().keep(value)
        return value

    async def awaited(value: Any) -> Any:
        try:
            return answered(await value)
        except Exception as error:  # noqa: BLE001 - the mistakes of a function are raised again
            return _played(error)

    def answer(request: SentRequest, route: Any, **named: Any) -> Any:
        sent = sent_request(request.method, request.url, request.headers, request.content)
        on_offer = {**named, "request": sent, "route": told(route), "state_store": state()}
        given, by_name = _arguments(function, on_offer)
        try:
            value = function(*given, **by_name)
        except Exception as error:  # noqa: BLE001 - the mistakes of a function are raised again
            return _played(error)
        return awaited(value) if inspect.isawaitable(value) else answered(value)

    answer.__name__ = getattr(function, "__name__", type(function).__name__)
    return answer


def _played(error: Exception) -> Exception:
    """An error of the SDK that a function raises is an answer; anything else is a mistake, or a broken connection."""
    if type(error).__module__.partition(".")[0] == "openai":
        return error
    raise error


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function; of one that cannot tell, a request."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [inspect.Parameter("request", inspect.Parameter.POSITIONAL_ONLY)]


def _placed(function: Callable[..., Any]) -> Iterator[tuple[inspect.Parameter, str]]:
    """Each parameter and what it takes: the first two may have any name, they are the request and the route."""
    for place, parameter in enumerate(parameters(function)):
        by_place = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        free = place < len(_BY_PLACE) and by_place and parameter.default is parameter.empty
        yield parameter, _BY_PLACE[place] if free else parameter.name


def _check(function: Callable[..., Any], offered: tuple[str, ...]) -> None:
    known = (*_BY_PLACE, "state_store", *offered)
    for parameter, name in _placed(function):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in known:
            continue
        if name not in known and parameter.default is parameter.empty:
            called = getattr(function, "__name__", "The function")
            raise ValueError(f"{called}() takes '{name}', which is not on offer. There are {', '.join(known)}.")


def _arguments(function: Callable[..., Any], on_offer: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    rest, given, by_name = dict(on_offer), [], {}
    for parameter, place in _placed(function):
        name = parameter.name if parameter.name in on_offer else place
        if parameter.kind is parameter.VAR_KEYWORD:
            by_name.update(rest)
        elif name not in rest or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            given.append(rest.pop(name))
        else:
            by_name[parameter.name] = rest.pop(name)
    return given, by_name
