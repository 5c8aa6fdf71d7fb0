"""Where the configuration comes from: a file, standard input, or nowhere.

Theory. Standard input is read unasked only if someone plainly put something there: it is a file, or a pipe in which
bytes stand within 0.2 seconds of looking. A terminal, /dev/null, a socket, or the empty pipe that a process manager
leaves open is no configuration, and none of them can hold up a start. `--config -` asks, and so waits to the end.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec

from openai_mock.config.errors import ConfigErrors, Problem
from openai_mock.config.load import load, read
from openai_mock.config.plan import Plan
from openai_mock.engine.lifecycle import Policies
from openai_mock.faces.cli.banner import counted

if TYPE_CHECKING:
    from openai_mock.faces.cli.options import ServeOptions
    from openai_mock.spec.operations import Catalogue

FIRST = 0.2
"""Seconds in which the first byte must stand in a pipe that nobody asked to be read."""
GAP = 5.0
"""Seconds that such a pipe may then stand still before its end."""
STDIN = "-"
NAME = "<stdin>"


class Piped(msgspec.Struct, frozen=True):
    """What stood on standard input. `note` is a sentence for the user where that may surprise."""

    text: bytes = b""
    note: str = ""


def plan_for(options: ServeOptions) -> tuple[Plan, str]:
    """The plan the options ask for, and a note for the user or an empty text. Raises `ConfigErrors`."""
    if options.config:
        return with_options(read(options.config), options), ""
    found = piped(_stdin())
    plan = load(_decoded(found.text), name=NAME, env=os.environ) if found.text.strip() else Plan()
    return with_options(plan, options), found.note


def with_options(plan: Plan, options: ServeOptions) -> Plan:
    """The plan, with what the command line says over what the file says."""
    if options.webhooks:
        from openai_mock.config.formats.webhooks import webhook_of  # noqa: PLC0415 - only who has some pays for it

        signed = {} if options.webhook_secret is None else {"secret": options.webhook_secret}
        told = tuple(webhook_of(url, **signed) for url in options.webhooks)
        plan = msgspec.structs.replace(plan, webhooks=(*plan.webhooks, *told))
    given = {"api_keys": options.api_keys, "admin_keys": options.admin_keys}
    return msgspec.structs.replace(plan, **{name: keys for name, keys in given.items() if keys})


def check(name: str, catalogue: Catalogue) -> tuple[bool, str]:
    """Whether a file is wrong, and what to print about it."""
    try:
        plan = read(name)
        if plan.state or plan.lifecycle != Policies():
            from openai_mock.mock import OpenAIMock  # noqa: PLC0415 - what the API keeps, only a mock knows

            OpenAIMock(plan, catalogue=catalogue)
    except ConfigErrors as errors:
        return True, str(errors)
    return False, f"{plan.source}: ok, {counted(plan)}"


def piped(descriptor: int | None, *, first: float = FIRST, gap: float = GAP) -> Piped:
    """What was put on standard input without `--config -`. Never waits for more than the bounds, in seconds.

    Raises `ConfigErrors` when a pipe stands still in the middle.
    """
    if descriptor is None:
        return Piped()
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return Piped()
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        return Piped()
    chunks: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_pump, args=(descriptor, chunks), name="openai-mock stdin", daemon=True).start()
    return _gathered(chunks, first, gap)


def _gathered(chunks: SimpleQueue[bytes], first: float, gap: float) -> Piped:
    text = b""
    while True:
        try:
            chunk = chunks.get(timeout=gap if text else first)
        except Empty:
            break
        if not chunk:
            return Piped(text)
        text += chunk
    if not text:
        return Piped(
            note=f"standard input is a pipe with nothing in it, so it is ignored; --config {STDIN} waits for it."
        )
    sentence = (
        f"{len(text)} bytes came and then nothing for {gap:g} seconds, but the pipe is still open. "
        f"Close it behind the configuration, or write --config {STDIN} to wait for as long as it takes."
    )
    raise ConfigErrors([Problem(NAME, 0, 0, "", sentence)])


def _pump(descriptor: int, chunks: SimpleQueue[bytes]) -> None:
    while True:
        try:
            chunk = os.read(descriptor, 1 << 16)
        except OSError:
            chunk = b""
        chunks.put(chunk)
        if not chunk:
            return


def _stdin() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sentence = f"byte {error.start} is not UTF-8. Save the configuration as UTF-8."
        raise ConfigErrors([Problem(NAME, 0, 0, "", sentence)]) from error
