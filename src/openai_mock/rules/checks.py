"""The conditions of a rule besides texts: small functions of a request, each with the words for why it does not hold.

Theory. A condition that wants one value of one thing names that thing (`key`), so that an index can find all rules that
want what a request has without looking at the others. `holds` builds no sentence; `why` is asked only for explanations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from openai_mock.rules.asked import Asked
from openai_mock.rules.paths import parsed, values
from openai_mock.rules.wants import Want, comparable, shown


class Check(Struct, frozen=True):
    """One condition. `key` is the thing and the one value of it that fits; `read` finds that thing in a request, in a
    tuple where a request has several. A thing is a path, or has a name that is none: `*turn`.
    """

    holds: Callable[[Asked], bool]
    why: Callable[[Asked], str]
    key: tuple[str, Hashable] | None = None
    read: Callable[[Asked], Any] | None = None


def header(name: str, wanted: Want) -> Check:
    """A header, by its name in any case."""
    name = name.lower()

    def read(asked: Asked) -> Any:
        return asked.headers.get(name)

    def found(asked: Asked) -> list[Any]:
        value = read(asked)
        return [] if value is None else [value]

    return _compared(f"headers.{name}", wanted, found, read)


def field(path: str, wanted: Want) -> Check:
    """Values of the request's JSON by their path. Raises ValueError with a sentence for what is no path."""
    steps = parsed(path)

    def found(asked: Asked) -> list[Any]:
        return values(asked.fields, steps)

    def read(asked: Asked) -> Any:
        there = found(asked)
        return comparable(there[0]) if there else None

    return _compared(path, wanted, found, None if None in steps else read)


def _compared(
    name: str, wanted: Want, found: Callable[[Asked], list[Any]], read: Callable[[Asked], Any] | None
) -> Check:
    def holds(asked: Asked) -> bool:
        return wanted.fits(found(asked), asked.budget)

    def why(asked: Asked) -> str:
        there = found(asked)
        has = ", ".join(map(shown, there[:3])) if there else "nothing there"
        return f"{name}: the request has {has}, where the rule wants a value {wanted}"

    key = None
    if read is not None and wanted.equal and type(wanted.equal[0]) in (str, int, float):
        key = (name, wanted.equal[0])
    return Check(holds, why, key, read)


def session(glob: str) -> Check:
    """The session, by name or glob."""
    plain = not set("*?[") & set(glob)
    return Check(
        lambda asked: fnmatchcase(asked.session, glob),
        lambda asked: f"session: {asked.session!r} is not {glob!r}",
        ("*session", glob) if plain else None,
        (lambda asked: asked.session) if plain else None,
    )


def turn(number: int) -> Check:
    """How often the user has spoken."""
    return Check(
        lambda asked: asked.turn == number,
        lambda asked: f"turn: the user has spoken {asked.turn} times, where the rule wants {number}",
        ("*turn", number),
        lambda asked: asked.turn,
    )


def tools(names: Sequence[str]) -> Check:
    """Tools that must all be offered."""

    def why(asked: Asked) -> str:
        missing = next((name for name in names if name not in asked.tools), "")
        offered = ", ".join(asked.tools) or "none"
        return f"tools: {missing!r} is not offered; offered are {offered}"

    def holds(asked: Asked) -> bool:
        return all(name in asked.tools for name in names)

    return Check(holds, why, ("*tools", names[0]), lambda asked: asked.tools)


def tool_result(wanted: bool | str) -> Check:
    """Whether a tool has answered since the user last spoke; a text names the tool."""

    def holds(asked: Asked) -> bool:
        names = [name for name, _ in asked.tool_results]
        return wanted in names if isinstance(wanted, str) else bool(names) == wanted

    def why(asked: Asked) -> str:
        has = ", ".join(repr(name) for name, _ in asked.tool_results) or "none"
        wants = f"of {wanted!r}" if isinstance(wanted, str) else "one" if wanted else "none"
        return f"has_tool_result: the request has {has} since the user last spoke, where the rule wants {wants}"

    return Check(holds, why)


def image(wanted: bool) -> Check:
    """Whether a message shows a picture."""
    has = "no picture" if wanted else "a picture"
    return Check(lambda asked: asked.has_image == wanted, lambda _: f"has_image: the request has {has}")


def checks(given: Mapping[str, Any], wants: Callable[[Any], Want]) -> list[Check]:
    """The checks of conditions by their keys. Raises ValueError for a path or a pattern that is none."""
    made = [header(name, wants(value)) for name, value in given.get("headers", {}).items()]
    made += [field(path, wants(value)) for path, value in given.get("json", {}).items()]
    if "session" in given:
        made.append(session(given["session"]))
    if "turn" in given:
        made.append(turn(given["turn"]))
    if "tools" in given:
        named = given["tools"]
        made.append(tools([named] if isinstance(named, str) else named))
    if "has_tool_result" in given:
        made.append(tool_result(given["has_tool_result"]))
    if "has_image" in given:
        made.append(image(given["has_image"]))
    return made
