"""A server from its options to its exit code: configuration, mock, console, watch, and the door."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import read
from openai_mock.doors.serve import run
from openai_mock.engine.journal import SIZE
from openai_mock.engine.lifecycle import Policies
from openai_mock.faces.catalogue.errors import CatalogueError
from openai_mock.faces.cli.banner import banner, counted
from openai_mock.faces.cli.console import Console
from openai_mock.faces.cli.guard import DEBUG, debugging
from openai_mock.faces.cli.https import https_for
from openai_mock.faces.cli.journal_file import JournalFile
from openai_mock.faces.cli.operations import catalogue_for
from openai_mock.faces.cli.source import STDIN, plan_for, with_options
from openai_mock.faces.cli.watch import Watch, state_of
from openai_mock.library.endpoints import is_loopback, reachable
from openai_mock.mock import OpenAIMock
from openai_mock.stores.sqlite import SQLite, StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai_mock.config.plan import Plan
    from openai_mock.faces.cli.options import ServeOptions
    from openai_mock.spec.operations import Catalogue

CANNOT_SERVE, WRONG_INPUT = 1, 2


def serve_until_stopped(options: ServeOptions) -> int:
    """Serve until a signal stops it. Returns the exit code; every failure was told in a sentence by then."""
    if options.watch and options.config in {None, STDIN}:
        _tell("--watch needs a file to look at: add --config FILE.")
        return WRONG_INPUT
    file = Path(options.config or os.devnull)
    before = state_of(file)
    try:
        plan, note = plan_for(options)
    except ConfigErrors as errors:
        print(errors, file=sys.stderr)  # noqa: T201 - the command's own words
        return WRONG_INPUT
    try:
        catalogue = catalogue_for(options.catalog, options.specs)
    except (ConfigErrors, CatalogueError) as errors:
        _tell(str(errors))
        return WRONG_INPUT
    port = plan.port if options.port is None else options.port
    try:
        mock = _mock(options, plan, catalogue)
    except (ConfigErrors, StateError) as errors:
        _tell(str(errors))
        return WRONG_INPUT
    try:
        https = https_for(options)
        journal = JournalFile(Path(options.journal)) if options.journal else None
    except ValueError as error:
        _tell(str(error))
        return WRONG_INPUT
    except OSError as error:
        _tell(f"--journal {options.journal} cannot be written: {error.strerror}.")
        return WRONG_INPUT
    if journal is not None:
        mock.journal.listeners.append(journal.hear)
    console = Console(sys.stdout, sys.stderr, as_json=options.as_json, colour=_colour(options))
    watch = Watch(lambda: state_of(file), lambda: reload(mock, options, console, port), before)
    if options.watch:
        watch.start()
    _prepare(console, mock, options, note)
    _collect_seldom()
    try:
        return run(
            reachable(mock.handle, options.host, options.control_key),
            options.host,
            port,
            max_body=options.max_body,
            https=https,
            http2=not options.no_http2,
            on_ready=lambda *urls: console.say("ready", banner(urls, mock.plan), **_ready(urls, mock.plan)),
        )
    except OSError as error:
        _tell(error.strerror or str(error))
        return CANNOT_SERVE
    finally:
        watch.stop()
        if journal is not None:
            journal.close()
        console.close()


def _mock(options: ServeOptions, plan: Plan, catalogue: Catalogue) -> OpenAIMock:
    """The mock that the options ask for. Raises ConfigErrors and StateError."""
    return OpenAIMock(
        plan,
        catalogue=catalogue,
        seed=options.seed,
        ids=options.ids,
        stateless=options.stateless,
        lenient=options.lenient,
        pace=options.pace,
        raise_errors=False,
        history=SIZE,
        control_key=options.control_key,
        store=SQLite(options.state) if options.state else None,
        lifecycle=Policies(options.lifecycle) if options.lifecycle else None,
    )


def reload(mock: OpenAIMock, options: ServeOptions, console: Console, port: int | None) -> None:
    """Read the configuration again. A wrong one is told and changes nothing; running exchanges end by the old one."""
    name = options.config or STDIN
    try:
        plan = with_options(read(name), options)
        mock.replace(plan)
    except ConfigErrors as errors:
        problems = [str(problem) for problem in errors.problems]
        text = "\n".join([f"{name} changed, but the old rules stay:", *(f"    {problem}" for problem in problems)])
        console.say("reload_failed", text, source=name, problems=problems)
        return
    console.say("reloaded", f"{name} changed: {counted(plan)}", source=name, rules=len(plan.scripts))
    if options.port is None and plan.port != port:
        console.warn(f"the port of {name} changed, which takes effect at the next start.")


class _Defects(logging.Handler):
    """Tells a defect inside the mock in a sentence, with the traceback only for those who asked for it."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            said = f"{said}: {type(error).__name__}: {error}. {DEBUG}=1 shows where."
            if debugging(os.environ):
                said = logging.Formatter().format(record)
        self._console.warn(said)


def _prepare(console: Console, mock: OpenAIMock, options: ServeOptions, note: str) -> None:
    """Let the console hear of requests and defects, and warn of what may surprise."""
    listener = console.listener(options.level)
    if listener:
        mock.journal.listeners.append(listener)
    logger = logging.getLogger("openai_mock")
    logger.handlers, logger.propagate = [_Defects(console)], False
    if note:
        console.warn(note)
    if not mock.plan.api_keys and not is_loopback(options.host):
        console.warn(
            f"everyone who can reach {options.host} can use this server, since any key is accepted. "
            "Add --api-key KEY, or stay with --host 127.0.0.1."
        )


def _collect_seldom() -> None:
    """Spare streams the pauses of full garbage collections: what is there by now stays, and little becomes cyclic."""
    gc.freeze()
    gc.set_threshold(2_000, 5, 100)


def _ready(urls: Sequence[str], plan: Plan) -> dict[str, object]:
    also = {"https_url": urls[1]} if len(urls) > 1 else {}
    rules = len(plan.scripts)
    return {
        "url": urls[0],
        **also,
        "base_url": f"{urls[0]}/v1",
        "source": plan.source,
        "rules": rules,
        "pid": os.getpid(),
    }


def _colour(options: ServeOptions) -> bool:
    return not options.as_json and sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _tell(sentence: str) -> None:
    print(f"openai-mock: {sentence}", file=sys.stderr)  # noqa: T201 - the command's own words
