"""The commands and what `--help` teaches. Whatever is heavy loads when its command runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from openai_mock import __version__
from openai_mock.faces.cli import INTERRUPTED
from openai_mock.faces.cli.guard import DEBUG
from openai_mock.faces.cli.options import (
    AUDIT_LIMIT,
    LOG_LEVEL,
    ServeOptions,
    catalogue_options,
    level_of,
    serve_options,
)

_READ_ON = "Read on: openai-mock COMMAND --help, and README.md and docs/cli.md of the project."


class DefaultsToServe(click.Group):
    """A group whose first word may be missing: options alone mean `serve`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `serve` in front of a line that names no command."""
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one is near."""
        name = args[0]
        if self.get_command(ctx, name) is None:
            ctx.fail(f"No such command '{name}'. {_instead(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The group's own options, the commands, and the options of the default command."""
        super().format_options(ctx, formatter)
        command = self.commands["serve"]
        records = [param.get_help_record(ctx) for param in command.get_params(ctx)]
        with formatter.section("Options of serve, which may be left out"):
            formatter.write_dl([record for record in records if record and not record[0].startswith("-h")])


def _instead(name: str, commands: list[str]) -> str:
    if Path(name).is_file() or Path(name).suffix in {".yaml", ".yml", ".json", ".jsonl"}:
        return f"Did you mean --config {name}?"
    near = get_close_matches(name, commands, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(commands)}."


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=DefaultsToServe, context_settings=_SETTINGS, epilog=_READ_ON)
@click.version_option(__version__, prog_name="openai-mock")
def openai_mock() -> None:
    """The OpenAI API without OpenAI: offline, deterministic, fast.

    Without a configuration it answers every operation of the API and accepts any key: chats with a default text, other
    operations from what was created before, else with an example. A configuration says what to answer to which
    messages.

    \b
    Examples:
      openai-mock                                 answer everything
      openai-mock --config flows.yaml --watch     answer by a file, always fresh
      openai-mock --port 8080 --api-key sk-test   at one port, for one key
      openai-mock --seed 1 < flows.yaml           the same bytes each time
      openai-mock validate flows.yaml             what is wrong, and where
      openai-mock routes files                    which operations there are
      openai-mock load-report                     whether the mock kept up

    Then point any client at it: OPENAI_BASE_URL=http://127.0.0.1:12111/v1 OPENAI_API_KEY=anything
    """  # noqa: D301 - click wants the character itself


def _misspelt(command: click.Command) -> Iterator[tuple[str, str]]:
    """Variables of the environment that nobody reads and whose names are nearly those of options."""
    known = [str(param.envvar) for param in command.params if param.envvar] + [DEBUG]
    for variable in sorted(os.environ):
        if variable.startswith("OPENAI_MOCK_") and variable not in known:
            yield from ((variable, meant) for meant in get_close_matches(variable, known, n=1, cutoff=0.9))


def _run(*, verbose: bool, quiet: bool, log_format: str | None, log_level: str | None = None, **rest: Any) -> None:
    level = level_of(verbose=verbose, quiet=quiet, log_level=log_level)
    as_json = log_format == "json" if log_format else not sys.stdout.isatty()
    for variable, meant in _misspelt(click.get_current_context().command):
        click.echo(f"openai-mock: there is no variable {variable}; did you mean {meant}?", err=True)
    try:
        from openai_mock.faces.cli.serving import serve_until_stopped  # noqa: PLC0415 - the engine is heavy

        code = serve_until_stopped(ServeOptions(level=level, as_json=as_json, **rest))
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


@openai_mock.command(epilog=_READ_ON, short_help="Serve the API until Ctrl-C (may be left out).")
@serve_options
def serve(**options: Any) -> None:
    """Serve the API until Ctrl-C (the default command).

    The configuration is --config FILE, or standard input if a file or a pipe with text in it stands there.

    \b
    Examples:
      openai-mock serve --config flows.yaml
      generate-flows | openai-mock serve --config -     wait for the other command
      openai-mock serve --host 0.0.0.0 --api-key sk-test

    Exit codes: 0 stopped, 1 cannot listen there, 2 a mistake in the options or the configuration, 3 the mock was the
    bottleneck (--audit).
    """  # noqa: D301 - click wants the character itself
    _run(**options)


@click.command("openai-mock-api", context_settings=_SETTINGS, epilog="Read on: openai-mock --help")
@serve_options
@LOG_LEVEL
@click.version_option(__version__, prog_name="openai-mock-api")
def openai_mock_api(**options: Any) -> None:
    """Serve the OpenAI API without OpenAI: the same as openai-mock serve."""
    _run(**options)


@openai_mock.command(short_help="Check configuration files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@catalogue_options
def validate(files: tuple[str, ...], *, specs: tuple[str, ...], catalog: str) -> None:
    """Check configuration files: every mistake with its line, column and key.

    FILE may be - for standard input. Exits with 2 if any file is wrong.
    """
    from openai_mock.faces.cli.operations import catalogue_for  # noqa: PLC0415 - the catalogue is heavy
    from openai_mock.faces.cli.source import check  # noqa: PLC0415 - YAML is heavy

    with _mistakes_told():
        catalogue = catalogue_for(catalog, specs)
    wrong = 0
    for file in files:
        problem, sentence = check(file, catalogue)
        click.echo(sentence, err=problem)
        wrong += problem
    sys.exit(2 if wrong else 0)


@openai_mock.command(short_help="Print the JSON Schema of the configuration.")
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors and other tools."""
    from openai_mock.config.schema import schema_text  # noqa: PLC0415 - only this command describes the keys

    click.echo(schema_text(), nl=False)


@openai_mock.command("load-report", short_help="Ask a running server how punctual it is.")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--control-key", envvar="OPENAI_MOCK_CONTROL_KEY", metavar="KEY", help="The control key of the server.")
@AUDIT_LIMIT
def load_report(
    urls: tuple[str, ...], *, as_json: bool, control_key: str | None, audit_limits: tuple[str, ...]
) -> None:
    """Ask running servers how punctual they are under load: by default the one at http://127.0.0.1:12111.

    A server measures from the first question on, or from its start with --audit. Several URLs are added up.

    \b
    Examples:
      openai-mock load-report                                 begin to measure
      openai-mock load-report --json                          what was measured since
      openai-mock load-report --audit-limit lateness=2ms http://127.0.0.1:8080

    Exit codes: 0 the mock kept up, 1 a server does not tell, 2 a mistake in the options, 3 the mock was the bottleneck.
    """  # noqa: D301 - click wants the character itself
    from openai_mock.faces.cli.load_report import report  # noqa: PLC0415 - only this command asks a server

    code, text = report(urls, as_json=as_json, control_key=control_key, limits=audit_limits)
    click.echo(text, err=code == 1)
    sys.exit(code)


@openai_mock.command(short_help="List the operations of the API.")
@click.argument("word", default="")
@click.option("--format", "as_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--coverage", is_flag=True, help="Add up what answers: resources, memory, examples.")
@catalogue_options
def routes(word: str, as_format: str, *, coverage: bool, specs: tuple[str, ...], catalog: str) -> None:
    """List the operations of the API: method, path, name, and what answers.

    WORD keeps those whose name, path or method contains it.

    \b
    Examples:
      openai-mock routes chat
      openai-mock routes --coverage
      openai-mock routes --format json
    """  # noqa: D301 - click wants the character itself
    from openai_mock.faces.cli.operations import catalogue_for  # noqa: PLC0415 - the catalogue is heavy
    from openai_mock.faces.cli.routes import listing  # noqa: PLC0415

    with _mistakes_told():
        catalogue = catalogue_for(catalog, specs)
    found, text = listing(word, catalogue, as_json_text=as_format == "json", coverage=coverage)
    click.echo(text, err=not found)
    sys.exit(0 if found else 1)


@openai_mock.group(short_help="Make and compare catalogues of operations.")
def catalog() -> None:
    """Make and compare catalogues: which operations there are, with all their fields."""


@catalog.command("refresh")
def catalog_refresh() -> None:
    """Make a catalogue from the installed openai package, in your cache; --catalog cached uses it."""
    from openai_mock.faces.cli.operations import refreshed  # noqa: PLC0415

    with _mistakes_told():
        click.echo(refreshed())


@catalog.command("diff")
@click.argument("old", default="packaged")
@click.argument("new", default="cached")
@click.option("--format", "as_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def catalog_diff(old: str, new: str, as_format: str) -> None:
    """What changed from OLD to NEW, each packaged, cached or a file: operations, parameters, answers."""
    from openai_mock.faces.cli.operations import compared  # noqa: PLC0415

    with _mistakes_told():
        click.echo(compared(old, new, as_json=as_format == "json"))


@contextmanager
def _mistakes_told() -> Iterator[None]:
    """Say what is wrong with a document or a catalogue, and leave with 2."""
    from openai_mock.config.errors import ConfigErrors  # noqa: PLC0415
    from openai_mock.faces.catalogue.errors import CatalogueError  # noqa: PLC0415

    try:
        yield
    except (ConfigErrors, CatalogueError) as mistakes:
        click.echo(str(mistakes), err=True)
        sys.exit(2)
