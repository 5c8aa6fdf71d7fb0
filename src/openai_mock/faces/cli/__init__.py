"""The command line: `openai-mock`, and `openai-mock-api` for those who know the older command."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended before it served."""


def main() -> None:
    """Run `openai-mock` and leave the process with its exit code: 0 done, 1 cannot serve, 2 a mistake in the input."""
    try:
        from openai_mock.faces.cli.commands import openai_mock  # noqa: PLC0415 - importing the package needs no click
        from openai_mock.faces.cli.guard import guarded  # noqa: PLC0415

        guarded(openai_mock, "openai-mock")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def main_api() -> None:
    """Run `openai-mock-api`: the options of `openai-mock serve` and `--log-level`, without subcommands."""
    try:
        from openai_mock.faces.cli.commands import openai_mock_api  # noqa: PLC0415 - as above
        from openai_mock.faces.cli.guard import guarded  # noqa: PLC0415

        guarded(openai_mock_api, "openai-mock-api")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
