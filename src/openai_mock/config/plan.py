"""The plan: everything a mock is told before it starts, whichever file said it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from openai_mock.engine.faults import Fault
from openai_mock.engine.lifecycle import Policies
from openai_mock.engine.limits import Limits
from openai_mock.engine.pace import Paces
from openai_mock.engine.seeding import Given
from openai_mock.engine.webhooks import Subscription
from openai_mock.rules.rule import Rule
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
    scripts: tuple[Script | Rule, ...] = ()
    source: str = ""
    """The file the plan came from, for messages; empty for none."""
    named_models: tuple[str, ...] = ()
    strict_models: bool = False
    paces: Paces = Paces()
    faults: tuple[Fault, ...] = ()
    fault_header: bool = False
    """Whether a request may ask for a fault by a header."""
    limits: Limits | None = None
    """What callers may use; None is without limit and counts nothing."""
    lifecycle: Policies = Policies()
    state: Given = {}
    """Partial objects that every session starts with, by the SDK name of their resource."""
    state_places: Mapping[tuple[str | int, ...], tuple[int, int]] = {}
    """Line and column of each resource and object of the state, for messages."""
    moderations: Mapping[str, tuple[str, ...]] = {}
    """The words that moderation flags, by category."""
    transcripts: Mapping[str, str] = {}
    """What recordings say, by a pattern of their file names."""
    webhooks: tuple[Subscription, ...] = ()
    """Who is told of events."""
