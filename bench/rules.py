"""How the cost of a match grows with the number of scripts: 10, 1,000 and 100,000, as ratios to 10."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from openai_mock.rules.explain import nearest
from openai_mock.rules.index import Index
from openai_mock.rules.script import Line, MatcherType, Script
from openai_mock.turns.turn import Message, Turn

SIZES = (10, 1_000, 100_000)
END = Line("assistant", turn=Turn("ok"))
ENOUGH_SECONDS = 0.1


def seconds_of(call: Callable[[], object]) -> float:
    """The best of several rounds, each a mean."""
    call()
    best, spent, count = float("inf"), 0.0, 1
    while spent < ENOUGH_SECONDS:
        started = time.perf_counter()
        for _ in range(count):
            call()
        took = time.perf_counter() - started
        spent += took
        best = min(best, took / count)
        count = min(count * 2, 10_000)
    return best


def flows(count: int, write: Callable[[int], tuple[Line, ...]]) -> list[Script]:
    return [Script(f"f{i}", (*write(i), END)) for i in range(count)]


def one(matcher: MatcherType, text: str) -> Callable[[int], tuple[Line, ...]]:
    return lambda i: (Line("user", text.format(i), matcher),)


def user(text: str) -> list[Message]:
    return [Message("user", text)]


OPENING = (Message("user", "The same opening"), Message("assistant", "Yes?"))
CASES: dict[str, tuple[Callable[[int], tuple[Line, ...]], Sequence[Message]]] = {
    "exact": (one("exact", "I want number {}"), user("I want number 7")),
    "exact, three messages": (
        lambda i: (Line("user", "The same opening"), END, Line("user", f"number {i}")),
        [*OPENING, Message("user", "number 7")],
    ),
    "exact, first differs": (
        lambda i: (Line("user", f"number {i}"), END, Line("user", "The same end")),
        [Message("user", "number 7"), Message("assistant", "Yes?"), Message("user", "The same end")],
    ),
    "contains": (one("contains", "number {};"), user("I want number 7; please, and soon")),
    "regex": (one("regex", r"number\s+{};"), user("I want number 7; please, and soon")),
    "regex, no literal": (one("regex", r"^\w+\W+\d{{{}}}$"), user("number 7654321")),
    "fuzzy": (one("fuzzy", "I want to have number {}"), user("I want to have nmber 7")),
    "exact, 1 MB": (one("exact", "I want number {}"), user("I want number 7" + " " * 1_000_000)),
    "contains, 1 MB": (one("contains", "number {};"), user("lorem ipsum " * 80_000 + "number 7;")),
    "regex, 1 MB": (one("regex", r"number\s+{};"), user("lorem ipsum " * 80_000 + "number 7;")),
    "fuzzy miss, 1 MB": (one("fuzzy", "I want to have number {}"), user("lorem ipsum " * 80_000)),
}


def main() -> None:
    print(f"{'case':24}" + "".join(f"{size:>12,}" for size in SIZES) + f"{'ratios':>18}{'build, s':>10}")
    for name, (write, messages) in CASES.items():
        report(name, write, lambda index, messages=messages: index.find(messages))  # type: ignore[misc]
    report("explain", one("exact", "I want number {}"), lambda index: nearest(index, user("I wont number 7")))


def report(name: str, write: Callable[[int], tuple[Line, ...]], call: Callable[[Index], object]) -> None:
    times, built = [], 0.0
    for size in SIZES:
        scripts = flows(size, write)
        started = time.perf_counter()
        index = Index(scripts, time.perf_counter)
        built = time.perf_counter() - started
        times.append(seconds_of(lambda index=index: call(index)))  # type: ignore[misc]
    ratios = "  ".join(f"x{value / times[0]:.1f}" for value in times[1:])
    print(f"{name:24}" + "".join(f"{value * 1e6:>9.1f} us" for value in times) + f"{ratios:>18}{built:>10.2f}")


if __name__ == "__main__":
    main()
