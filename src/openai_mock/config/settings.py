"""The keys of a configuration: settings at its top, and entries of each format below `responses`."""

from __future__ import annotations

from openai_mock.config.formats.faults import FAULT_HEADER, FAULTS
from openai_mock.config.formats.flows import FLOW, REPLY
from openai_mock.config.formats.limits import LIMITS
from openai_mock.config.formats.responses import FULL
from openai_mock.config.formats.rules import RULE
from openai_mock.config.formats.timing import PACES
from openai_mock.config.formats.webhooks import WEBHOOKS
from openai_mock.config.shapes import Choice, Each, Either, Fork, Json, Key, Keys, Text, Whole
from openai_mock.resources.moderations import CATEGORIES

_NAME = Text(empty=False)
_POLICY = Text(empty=False)
_WORDS = Each(_NAME)
ENTRY = Fork("an entry", {"messages": FLOW, "matcher": FULL, "then": RULE})
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
        "lifecycle": Key(
            Either(
                (_POLICY, Keys("lifecycle", {"default": Key(_POLICY, "The policy of all others.")}, others=_POLICY))
            ),
            "How fast objects change their status: `instant`, `polls=2` or `seconds=30`; or that for each resource.",
        ),
        "state": Key(
            Keys("state", {}, others=Each(Json(("mapping",)))),
            "Objects that exist from the start, in lists by the SDK's name of their resource, such as `files`.",
        ),
        "moderations": Key(
            Keys("moderations", {name: Key(_WORDS, f"Words that are {name}.") for name in CATEGORIES}),
            "The words and phrases that moderation flags, in a list for each category. Left out, all is clear.",
        ),
        "transcripts": Key(
            Keys("transcripts", {}, others=_NAME),
            "What recordings say: texts by file name, in which `*` stands for anything. Left out, a text explains.",
        ),
        "pace": PACES,
        "faults": FAULTS,
        "faultHeader": FAULT_HEADER,
        "limits": LIMITS,
        "webhooks": WEBHOOKS,
        "responses": Key(ENTRIES, "The answers: conversations, full responses, and rules."),
        "$schema": Key(Text(), "The JSON Schema of this file, for editors."),
    },
    own="x-",
)
