"""The keys of a configuration: settings at its top, and entries of either format below `responses`."""

from __future__ import annotations

from openai_mock.config.formats.flows import FLOW, REPLY
from openai_mock.config.formats.responses import FULL
from openai_mock.config.shapes import Choice, Each, Either, Fork, Key, Keys, Text, Whole

_NAME = Text(empty=False)
ENTRY = Fork("an entry", {"messages": FLOW, "matcher": FULL})
ENTRIES = Each(ENTRY)
SETTINGS = Keys(
    "configuration",
    {
        "apiKey": Key(
            Either((_NAME, Each(_NAME, least=1))), "The API key that requests must carry, or a list. None: any is good."
        ),
        "adminKey": Key(
            Either((_NAME, Each(_NAME, least=1))),
            "The key, or a list, for operations on the organization; with it `apiKey` is refused there. None: any key.",
        ),
        "port": Key(Whole(0, 65535), "The port to listen on; 0 takes any free one. The default is 12111 or the next."),
        "models": Key(
            Either((Choice(("strict",)), Each(_NAME, least=1))),
            "The models that exist; others get a 404. `strict` keeps the built-in list. Left out, any name is good.",
        ),
        "reply": REPLY,
        "responses": Key(ENTRIES, "The conversations and the responses to them."),
        "$schema": Key(Text(), "The JSON Schema of this file, for editors."),
    },
    own="x-",
)
