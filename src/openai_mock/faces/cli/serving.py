"""A server from its options to its exit code: configuration, mock, console, watch, and the door."""

from __future__ import annotations

import gc
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.load import read
from openai_mock.doors.serve import run
from openai_mock.engine.faults import Calls
from openai_mock.engine.journal import SIZE
from openai_mock.engine.lifecycle import Policies
from openai_mock.engine.limits import Limits
from openai_mock.faces.catalogue.errors import CatalogueError
from openai_mock.faces.cli.banner import banner, counted, told
from openai_mock.faces.cli.console import Console
from openai_mock.faces.cli.guard import DEBUG, debugging
from openai_mock.faces.cli.https import https_for
from openai_mock.faces.cli.journal_file import JournalFile
from openai_mock.faces.cli.operations import catalogue_for
from openai_mock.faces.cli.source import STDIN, plan_for, with_options
from openai_mock.faces.cli.watch import State, Watch, state_of
from openai_mock.library.endpoints import is_loopback, reachable
from openai_mock.mock import OpenAIMock
from openai_mock.stores.sqlite import SQLite, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openai_mock.config.plan import Plan
    from openai_mock.doors.sockets import Https
    from openai_mock.faces.cli.options import ServeOptions
    from openai_mock.faces.cli.workers import Worker
    from openai_mock.library.punctuality import Raw
    from openai_mock.spec.operations import Catalogue

CANNOT_SERVE, WRONG_INPUT = 1, 2


class _WrongInputError(Exception):
    """A mistake in the options; the text is a sentence."""


class Asked(Struct, frozen=True):
    """A server as it was asked for, read and found to make sense; `before` is the state of its file when it was."""

    options: ServeOptions
    plan: Plan
    catalogue: Catalogue
    https: Https | None
    note: str
    before: State | None

    @property
    def port(self) -> int | None:
        """Where to listen; None leaves it to the server."""
        return self.plan.port if self.options.port is None else self.options.port


def serve_until_stopped(options: ServeOptions) -> int:
    """Serve until a signal stops it. Returns the exit code; every failure was told in a sentence by then."""
    if options.watch and options.config in {None, STDIN}:
        _tell("--watch needs a file to look at: add --config FILE.")
        return WRONG_INPUT
    if wrong := _without_workers(options) or _without_use(options):
        _tell(wrong)
        return WRONG_INPUT
    before = state_of(Path(options.config or os.devnull))
    try:
        plan, note = plan_for(options)
    except ConfigErrors as errors:
        print(errors, file=sys.stderr)  # noqa: T201 - the command's own words
        return WRONG_INPUT
    try:
        catalogue = catalogue_for(options.catalog, options.specs)
        asked = Asked(options, plan, catalogue, _https(options), note, before)
        return _serve_together(asked) if options.workers > 1 else _serve(asked)
    except (ConfigErrors, CatalogueError, StateError, _WrongInputError) as error:
        _tell(str(error))
        return WRONG_INPUT
    except OSError as error:
        _tell(error.strerror or str(error))
        return CANNOT_SERVE


def _without_workers(options: ServeOptions) -> str | None:
    """Why there cannot be several workers, where several are asked for."""
    if options.workers == 1:
        return None
    from openai_mock.faces.cli.workers import refused  # noqa: PLC0415 - only who wants several pays for it

    return refused(seeded=options.seed is not None)


def _without_use(options: ServeOptions) -> str | None:
    """Which option says something about another one that is missing."""
    if options.webhook_secret and not options.webhooks:
        return "--webhook-secret signs the events of --webhook: add --webhook URL, or leave it away."
    return None


def _serve_together(asked: Asked) -> int:
    """Serve with several processes, which remember together."""
    from openai_mock.faces.cli.workers import Crew, memory_of, serve_together  # noqa: PLC0415 - as above

    options = asked.options
    codes: list[int] = []

    def work(worker: Worker) -> int:
        state = options.state or (None if options.stateless else memory_of(worker.folder))
        return _serve(replace(asked, options=replace(options, state=state)), worker)

    def said(say: Callable[[Console], object]) -> None:
        console = _console(options)
        say(console)
        console.close()

    def ready(urls: Sequence[str]) -> None:
        fields = {**_ready(urls, asked.plan), "workers": options.workers}
        said(lambda console: console.say("ready", banner(urls, asked.plan), **fields))

    def ended(raws: list[Raw]) -> int:
        if audits(options) and raws:
            said(lambda console: codes.append(_audited(console, raws, options)))
        return codes[0] if codes else 0

    _mock(replace(options, state=None), asked.plan, asked.catalogue)  # tells what is wrong with them, once
    if options.state:
        SQLite(options.state).close()
    for note in (asked.note, *_surprises(asked), *_counted_apart(asked.plan)):
        said(partial(Console.warn, text=note)) if note else None
    crew = Crew(options.workers, work, lambda text: said(lambda console: console.warn(text)), ready, ended)
    return serve_together(crew, options.host, asked.port, asked.https)


def _serve(asked: Asked, worker: Worker | None = None) -> int:
    """Serve alone, or as one of several. Raises ConfigErrors, StateError, _WrongInputError and OSError."""
    options, plan = asked.options, asked.plan
    mock = _mock(options, plan, asked.catalogue)
    journal = _journal_file(options.journal) if options.journal else None
    if journal is not None:
        mock.journal.listeners.append(journal.hear)
    console = _console(options, shared=worker is not None)
    _hear(console, mock, options)
    if worker is None:
        for note in (asked.note, *_surprises(asked)):
            console.warn(note) if note else None
    file = Path(options.config or os.devnull)
    tells = worker is None or worker.number == 1
    watch = Watch(lambda: state_of(file), lambda: reload(mock, options, console, asked.port, tells=tells), asked.before)
    if options.watch:
        watch.start()
    if audits(options):
        mock.punctuality.begin()
    _collect_seldom()
    try:
        return _run(mock, asked, console, worker)
    finally:
        watch.stop()
        if journal is not None:
            journal.close()
        console.close()


def _run(mock: OpenAIMock, asked: Asked, console: Console, worker: Worker | None) -> int:
    """Open the doors until a signal closes them, and say what was measured where that was asked for."""
    options = asked.options
    handle = reachable(mock.handle, options.host, options.control_key, options.control_hosts)
    serving = partial(
        run, host=options.host, port=asked.port, max_body=options.max_body, https=asked.https,
        http2=not options.no_http2, punctuality=mock.punctuality,
    )  # fmt: skip
    if worker is not None:
        from openai_mock.library.workers import joined  # noqa: PLC0415 - only several need to be joined

        beside = partial(worker.peers.attending, handle, worker.leave)
        everyone = joined(handle, worker.peers)
        code = serving(everyone, listening=worker.listening, beside=beside, on_ready=lambda *_: worker.ready())
        if audits(options):
            worker.leave_behind(mock.punctuality.raw())
        return code
    code = serving(
        handle, on_ready=lambda *urls: console.say("ready", banner(urls, mock.plan), **_ready(urls, mock.plan))
    )
    return code or (_audited(console, [mock.punctuality.raw()], options) if audits(options) else 0)


def audits(options: ServeOptions) -> bool:
    """Whether to measure; a limit asks for it too."""
    return options.audit or bool(options.audit_limits)


def _audited(console: Console, raws: Sequence[Raw], options: ServeOptions) -> int:
    """Say what was measured; the exit code is 3 where the mock was the bottleneck."""
    from openai_mock.faces.cli.load_report import verdict  # noqa: PLC0415 - only who asks for it pays for it

    code, text, fields = verdict(raws, options.audit_limits)
    console.say("load", text, **fields)
    return code


def _https(options: ServeOptions) -> Https | None:
    try:
        return https_for(options)
    except ValueError as error:
        raise _WrongInputError(str(error)) from None


def _journal_file(name: str) -> JournalFile:
    try:
        return JournalFile(Path(name))
    except OSError as error:
        raise _WrongInputError(f"--journal {name} cannot be written: {error.strerror}.") from None


def _console(options: ServeOptions, *, shared: bool = False) -> Console:
    return Console(sys.stdout, sys.stderr, as_json=options.as_json, colour=_colour(options), shared=shared)


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


def reload(mock: OpenAIMock, options: ServeOptions, console: Console, port: int | None, *, tells: bool = True) -> None:
    """Read the configuration again. A wrong one is told and changes nothing; running exchanges end by the old one.

    Of several processes that read it one `tells` what became of it.
    """
    name = options.config or STDIN
    try:
        plan = with_options(read(name), options)
        mock.replace(plan)
    except ConfigErrors as errors:
        if not tells:
            return
        problems = [str(problem) for problem in errors.problems]
        text = "\n".join([f"{name} changed, but the old rules stay:", *(f"    {problem}" for problem in problems)])
        console.say("reload_failed", text, source=name, problems=problems)
        return
    if not tells:
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


def _hear(console: Console, mock: OpenAIMock, options: ServeOptions) -> None:
    """Let the console hear of requests and defects."""
    listener = console.listener(options.level)
    if listener:
        mock.journal.listeners.append(listener)
    logger = logging.getLogger("openai_mock")
    logger.handlers, logger.propagate = [_Defects(console)], False


def _surprises(asked: Asked) -> Iterator[str]:
    """What may surprise, in sentences."""
    host = asked.options.host
    if not asked.plan.api_keys and not is_loopback(host):
        yield (
            f"everyone who can reach {host} can use this server, since any key is accepted. "
            "Add --api-key KEY, or stay with --host 127.0.0.1."
        )


def _counted_apart(plan: Plan) -> Iterator[str]:
    """What several workers cannot count together, in sentences."""
    if plan.limits is not None and plan.limits != Limits():
        yield "each of several workers counts limits for itself: callers get up to as many times more."
    if any(fault.calls != Calls() for fault in plan.faults):
        yield "each of several workers counts the calls of faults for itself."


def _collect_seldom() -> None:
    """Spare streams the pauses of full garbage collections: what is there by now stays, and little becomes cyclic."""
    gc.freeze()
    gc.set_threshold(2_000, 5, 100)


def _ready(urls: Sequence[str], plan: Plan) -> dict[str, object]:
    also: dict[str, object] = {"https_url": urls[1]} if len(urls) > 1 else {}
    if plan.webhooks:
        also["webhooks"] = told(plan)
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
