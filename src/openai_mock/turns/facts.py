"""Facts of models: how much they read and write, what they take, and whether they think.

Theory. `data/models.toml` is read once, at the first question, in about a millisecond. A model that it does not name
(a deployment of Azure, another provider's, one of tomorrow) takes everything: nobody is refused on a guess.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec import Struct

ENDLESS = 1 << 40
"""More tokens than any request has."""
_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4})$")


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """One model. The fields are those that `models.toml` explains; `efforts` empty says nothing of them."""

    context: int
    output: int
    input: int = ENDLESS
    sees: bool = False
    hears: bool = False
    reasons: bool = False
    efforts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("json_object", "json_schema")
    without: tuple[str, ...] = ()
    serves: tuple[str, ...] = ("chat", "responses")
    known: bool = True
    room: int = 0
    """Tokens of the longest prompt."""
    plain: int = 0
    """Bytes of a request of plain texts in which nothing can be wrong."""
    in_chat: frozenset[str] = frozenset()
    in_response: frozenset[str] = frozenset()
    """Parameters of a chat, and of a request of Responses, that can be wrong by their schema only."""


_IN_CHAT = frozenset({"model", "messages", "stream", "n", "user", "seed", "store", "service_tier", "logit_bias"})
_IN_RESPONSE = frozenset({"model", "input", "instructions", "stream", "store", "user", "metadata", "service_tier"})
_SAMPLING_CHAT = frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty", "stop"})
_SAMPLING_RESPONSE = frozenset({"temperature", "top_p"})
"""Parameters that only models that think refuse."""


def _with_harmless(one: Facts) -> Facts:
    """The facts with what follows from them: the parameters in which nothing can be wrong."""
    sampled = not one.reasons
    return msgspec.structs.replace(
        one,
        in_chat=(_IN_CHAT | _SAMPLING_CHAT if sampled else _IN_CHAT).difference(one.without),
        in_response=(_IN_RESPONSE | _SAMPLING_RESPONSE if sampled else _IN_RESPONSE).difference(one.without),
    )


UNKNOWN = _with_harmless(Facts(ENDLESS, ENDLESS, sees=True, hears=True, known=False, room=ENDLESS, plain=ENDLESS))


@lru_cache(maxsize=256)
def facts(model: str) -> Facts:
    """The facts of a model, by its name, that of a snapshot or of a fine-tuned one; `UNKNOWN` for any other."""
    if model.startswith("ft:"):
        model = model.split(":")[1]
    known = _all()
    return known.get(model) or known.get(_SNAPSHOT.sub("", model)) or UNKNOWN


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Facts]:
    import tomllib  # noqa: PLC0415 - no mock that is only imported needs it

    data = pkgutil.get_data("openai_mock.turns", "data/models.toml")
    if data is None:
        raise ValueError("This installation of openai-mock lacks its table of models; install it again.")
    found: dict[str, Facts] = {}
    for names, said in tomllib.loads(data.decode()).items():
        one = msgspec.convert(said, Facts)
        room = min(one.context, one.input)
        plain = room if "chat" in one.serves and not one.hears and "system" not in one.without else 0
        one = _with_harmless(msgspec.structs.replace(one, room=room, plain=plain))
        found.update(dict.fromkeys(names.split(" | "), one))
    return found
