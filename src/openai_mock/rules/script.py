"""A script: the messages a conversation must have for a rule to speak, and what it then says.

Both file formats become scripts. A *flow* matches any request whose messages are a role-by-role prefix of its own, and
competes by score; a *full response* wants exactly as many messages, and the first in the file wins.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from openai_mock.turns.turn import Reply, Turn

MatcherType: TypeAlias = Literal["exact", "fuzzy", "regex", "contains", "any"]
SCORES: dict[str, float] = {"exact": 1.0, "regex": 0.8, "contains": 0.6, "fuzzy": 0.4, "any": 0.1}
DEFAULT_THRESHOLD = 0.8


class Line(Struct, frozen=True):
    """One message of a script. `turn` is what an assistant line says; the other fields are what must match."""

    role: str
    content: str = ""
    matcher: MatcherType = "exact"
    threshold: float = DEFAULT_THRESHOLD
    tool_call_id: str | None = None
    turn: Turn | None = None


class Script(Struct, frozen=True):
    """One rule. `reply` is None for a flow, whose answer is one of its own assistant lines.

    `whole` wants exactly as many messages and compares assistant lines too (full responses); `invert` wants the
    contents not to match. `reply_with` is `final` or `next`. `where` is `file:line`.
    """

    id: str
    lines: tuple[Line, ...]
    whole: bool = False
    invert: bool = False
    reply: Reply | None = None
    reply_with: Literal["final", "next"] = "final"
    where: str = ""
