"""The options of a server, and how the words on the command line become their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, cast

import click
from msgspec import Struct

from openai_mock.engine.lifecycle import Policy, policy

Level: TypeAlias = Literal["off", "debug", "info", "warn", "error"]
LEVELS = ("debug", "info", "warn", "error")
MIB = 1 << 20
DEFAULT_MAX_BODY = 64 * MIB
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": MIB, "gi": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]i?|)b?", re.IGNORECASE)
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


class ServeOptions(Struct, frozen=True):
    """What `serve` was asked for. `config` is a path, `-` or None; `port` None leaves it to the configuration.

    `as_json` turns the output into JSON lines, `max_body` is in bytes, `state` is the path of an SQLite file, and
    `cert`, `key` and `write_ca` are paths of PEM files.
    """

    config: str | None = None
    port: int | None = None
    host: str = "127.0.0.1"
    api_keys: tuple[str, ...] = ()
    admin_keys: tuple[str, ...] = ()
    level: Level = "info"
    as_json: bool = False
    seed: int | None = None
    watch: bool = False
    max_body: int = DEFAULT_MAX_BODY
    https: bool = False
    https_port: int | None = None
    cert: str | None = None
    key: str | None = None
    write_ca: str | None = None
    no_http2: bool = False
    ids: Literal["strict", "lenient"] = "strict"
    specs: tuple[str, ...] = ()
    catalog: str = "packaged"
    stateless: bool = False
    state: str | None = None
    lifecycle: Policy | None = None
    lenient: bool = False
    pace: str | None = None
    control_key: str | None = None
    control_hosts: tuple[str, ...] = ()
    audit: bool = False
    audit_limits: tuple[str, ...] = ()
    workers: int = 1
    journal: str | None = None
    webhooks: tuple[str, ...] = ()
    webhook_secret: str | None = None


def size(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """A number of bytes from `1000`, `64MB` or `1.5GiB`, or the mistake in how it is written."""
    found = _SIZE.fullmatch(value.strip())
    number = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if not number:
        raise click.BadParameter(
            f"{value!r} is not a size. Write a number of bytes, or one such as 64MB, 512MiB or 1GB."
        )
    return number


def api_key(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty key, which would let nobody in."""
    if any(not key.strip() for key in value):
        raise click.BadParameter("a key must not be empty. Leave the option away to accept any key.")
    return value


def control_key(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse a key that no header can carry."""
    if value is not None and not (value.strip() and value.isascii() and value.isprintable()):
        raise click.BadParameter("a key must not be empty, and has letters, digits and signs of ASCII only.")
    return value


def lifecycle_policy(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Policy | None:
    """A policy from its words, or the mistake in how it is written."""
    try:
        return None if value is None else policy(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def state_file(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse a file to remember in where nothing is to be remembered."""
    if value is not None and ctx.params.get("stateless"):
        raise click.BadParameter("--state and --stateless contradict each other. Choose one.")
    return value


def audit_limit(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no limit of the audit, in a sentence."""
    if value:
        from openai_mock.library.punctuality import limits_of  # noqa: PLC0415 - only who asks for it pays for it

        try:
            limits_of(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def webhook(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no URL to send events to, in a sentence."""
    return tuple(_judged("sound_url", url) for url in value)


def webhook_secret(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse what cannot sign, in a sentence."""
    return None if value is None else _judged("key_of", value)


def _judged(judge: str, value: str) -> str:
    from openai_mock.engine import webhooks  # noqa: PLC0415 - only who has some pays for it

    try:
        getattr(webhooks, judge)(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None
    return value


def pace(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no pace, in a sentence."""
    if value is not None:
        from openai_mock.config.formats.timing import paces_of  # noqa: PLC0415 - only who asks for it pays for it

        try:
            paces_of(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def _option(*names: str, **how: Any) -> Callable[[_Decorated], _Decorated]:
    """An option that also has an environment variable, named after its long form and shown in the help."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    envvar = "OPENAI_MOCK_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=envvar, show_envvar=True, **how)


AUDIT_LIMIT = _option(
    "--audit-limit", "audit_limits", multiple=True, metavar="NAME=VALUE", callback=audit_limit,
    help="Beyond what the mock was the bottleneck: lateness, first_byte, loop_lag (of 99 in 100) or cpu; repeat it "
         "for more, and it measures as --audit does.  [default: lateness=10ms first_byte=25ms loop_lag=25ms cpu=95%]",
)  # fmt: skip
CATALOGUE = (
    _option("--spec", "specs", multiple=True, metavar="FILE",
            help="Add or replace operations from an OpenAPI 3 document; repeat it for more."),
    _option("--catalog", default="packaged", show_default=True, metavar="WHICH",
            help="Which operations there are: packaged, cached (the newest of catalog refresh), or a FILE."),
)  # fmt: skip
SERVE = (
    _option("--config", "-c", metavar="FILE", help="The configuration: YAML, JSON or JSONL; - reads standard input."),
    _option("--port", "-p", type=click.IntRange(0, 65_535), metavar="PORT",
            help="Where to listen; beats the port of the configuration, 0 takes any free one.  "
                 "[default: the first free one from 12111 on]"),
    _option("--host", default="127.0.0.1", show_default=True, help="The address to listen at; 0.0.0.0 is everywhere."),
    _option("--api-key", "api_keys", multiple=True, metavar="KEY", callback=api_key,
            help="Accept only this key; repeat it for more. Beats apiKey of the configuration."),
    _option("--admin-key", "admin_keys", multiple=True, metavar="KEY", callback=api_key,
            help="Accept only this key on the organization's operations; repeat it for more. Beats adminKey."),
    _option("--verbose", "-v", is_flag=True, help="Log headers and bodies too, credentials redacted."),
    _option("--quiet", "-q", is_flag=True, help="Log no requests."),
    _option("--log-format", type=click.Choice(["text", "json"]),
            help="How to write what happens.  [default: text on a terminal, json when piped]"),
    _option("--seed", type=int, metavar="INT", help="The same requests get the same ids, times and texts."),
    _option("--watch", is_flag=True, help="Read the configuration again when the file changes."),
    _option("--ids", type=click.Choice(["strict", "lenient"]), default="strict", show_default=True,
            help="What an unknown id gets: OpenAI's 404, or an example."),
    _option("--stateless", is_flag=True, is_eager=True, help="Remember nothing: every answer is an example."),
    _option("--state", metavar="FILE", callback=state_file,
            help="Remember in this SQLite file, which outlives the server; several may share it."),
    _option("--lifecycle", metavar="POLICY", callback=lifecycle_policy,
            help="How fast batches, jobs and others change by themselves: instant, polls=2 or seconds=30. "
                 "Beats lifecycle of the configuration.  [default: polls=2]"),
    _option("--lenient", is_flag=True, help="Note unknown fields and misuse in the journal, and answer."),
    _option("--pace", callback=pace, metavar="PACE",
            help="How fast models speak: a preset such as gpt-4o, realistic, or first_token=1s,tokens_per_second=50. "
                 "Beats pace of the configuration."),
    _option("--control-key", metavar="KEY", callback=control_key,
            help="Demand this key of the control API at /_mock, which is closed beyond this machine without it."),
    _option("--control-host", "control_hosts", multiple=True, metavar="NAME",
            help="Let the control API answer to this host name too, not only to localhost; repeat it for more."),
    _option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
            help="Serve with so many processes, which share port and memory; not on Windows."),
    _option("--audit", is_flag=True,
            help="Measure how punctual the mock is, print it at the end, and exit with 3 if it was the bottleneck."),
    AUDIT_LIMIT,
    _option("--webhook", "webhooks", multiple=True, metavar="URL", callback=webhook,
            help="Send the events of batches, jobs, videos and responses in the background there; repeat it for more."),
    _option("--webhook-secret", metavar="SECRET", callback=webhook_secret,
            help="What signs the events of --webhook: whsec_ and Base64.  [default: one that is printed at the start]"),
    _option("--journal", metavar="FILE", help="Append every exchange to this file, as JSON lines."),
    *CATALOGUE,
    _option("--https", is_flag=True,
            help="Serve HTTPS too, with a certificate made on the spot; --cert and --write-ca imply it."),
    _option("--https-port", type=click.IntRange(0, 65_535), metavar="PORT",
            help="Where to serve HTTPS.  [default: the first free one from 12112 on]"),
    _option("--cert", metavar="FILE", help="Your own certificate, PEM, with its chain."),
    _option("--key", metavar="FILE", help="The key of --cert, where that file does not hold it."),
    _option("--write-ca", metavar="FILE", help="Write what clients must trust: SSL_CERT_FILE=FILE does for many."),
    _option("--no-http2", is_flag=True, help="Speak HTTP/1.1 only, even where h2 is installed."),
    _option("--max-body", callback=size, default="64MiB", show_default=True, metavar="SIZE",
            help="The largest request to accept, such as 513MB for the largest files."),
)  # fmt: skip
LOG_LEVEL = _option(
    "--log-level", "-l", type=click.Choice(LEVELS, case_sensitive=False),
    help="Which requests to log: debug is --verbose, warn those that failed, error those that failed inside.",
)  # fmt: skip


def catalogue_options(function: _Decorated) -> _Decorated:
    """Give a command the options that choose the catalogue."""
    for option in reversed(CATALOGUE):
        function = option(function)
    return function


def serve_options(function: _Decorated) -> _Decorated:
    """Give a command every option of a server."""
    for option in reversed(SERVE):
        function = option(function)
    return function


def level_of(*, verbose: bool, quiet: bool, log_level: str | None) -> Level:
    """One level from the options that speak of it. Raises a usage error when two of them disagree."""
    asked: dict[str, Level] = {}
    if verbose:
        asked["--verbose"] = "debug"
    if quiet:
        asked["--quiet"] = "off"
    if log_level:
        asked[f"--log-level {log_level}"] = cast("Level", log_level)
    if len(set(asked.values())) > 1:
        raise click.UsageError(f"{' and '.join(asked)} contradict each other. Choose one.")
    return next(iter(asked.values()), "info")
