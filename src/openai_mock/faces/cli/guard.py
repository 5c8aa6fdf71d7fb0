"""The last line before the user: whatever goes wrong becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

DEBUG = "OPENAI_MOCK_DEBUG"
"""The environment variable that lets tracebacks through; any value but `0` and the empty one."""


def debugging(env: Mapping[str, str]) -> bool:
    """Whether the user asked for tracebacks."""
    return env.get(DEBUG, "0") not in {"", "0"}


def guarded(command: click.Command, name: str) -> None:
    """Run a command to the exit of the process. A defect of ours ends in a sentence, or a traceback if asked for."""
    try:
        command.main(prog_name=name)
    except Exception as error:
        if debugging(os.environ):
            raise
        click.echo(sentence(name, error), err=True)
        sys.exit(1)


def sentence(name: str, error: Exception) -> str:
    """What the user reads when we failed them."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (
        f"{name}: something went wrong inside ({what}). Run it again with {DEBUG}=1 to see where, and please report it."
    )
