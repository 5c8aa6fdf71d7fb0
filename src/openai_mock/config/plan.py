"""The plan: everything a mock is told before it starts, whichever file said it."""

from __future__ import annotations

from msgspec import Struct

from openai_mock.rules.script import Script


class Plan(Struct, frozen=True):
    """What a mock is told. Every value has the default of an empty plan, which answers by itself.

    `api_keys` empty accepts any bearer, `admin_keys` empty lets every key administrate. `port` None means the first
    free one from 12111 on. `models` empty means the built-in list. `scripts` stand in file order. `named_models` are
    the models that answers name, each once, in file order. `strict_models` refuses every model that is not listed.
    """

    api_keys: tuple[str, ...] = ()
    admin_keys: tuple[str, ...] = ()
    port: int | None = None
    models: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    source: str = ""
    """The file the plan came from, for messages; empty for none."""
    named_models: tuple[str, ...] = ()
    strict_models: bool = False
