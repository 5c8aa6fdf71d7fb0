"""The options of a server, and how the words on the command line become their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, cast

import click
from msgspec import Struct

Level: TypeAlias = Literal["off", "debug", "info", "warn", "error"]
LEVELS = ("debug", "info", "warn", "error")
MIB = 1 << 20
DEFAULT_MAX_BODY = 64 * MIB
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": MIB, "gi": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]i?|)b?", re.IGNORECASE)
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


class ServeOptions(Struct, frozen=True):
    """What `serve` was asked for. `config` is a path, `-` or None; `port` None leaves it to the configuration.

    `as_json` turns the output into JSON lines, `max_body` is in bytes.
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
    ids: Literal["strict", "lenient"] = "strict"
    specs: tuple[str, ...] = ()
    catalog: str = "packaged"
    stateless: bool = False
    lenient: bool = False


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


def _option(*names: str, **how: Any) -> Callable[[_Decorated], _Decorated]:
    """An option that also has an environment variable, named after its long form and shown in the help."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    envvar = "OPENAI_MOCK_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=envvar, show_envvar=True, **how)


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
    _option("--stateless", is_flag=True, help="Remember nothing: every answer is an example."),
    _option("--lenient", is_flag=True, help="Note unknown fields in the log instead of refusing the request."),
    *CATALOGUE,
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
