"""What a server says when it is ready: where it is, what it answers, and one line that tries it."""

from __future__ import annotations

import json
import shlex
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from openai_mock import __version__
from openai_mock.engine.webhooks import made_for, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai_mock.config.plan import Plan
    from openai_mock.rules.script import Line, Script

_HELLO = "Hello"
_MODEL = "gpt-4o"
_CONFIGURED = "the configured secret"


def banner(urls: Sequence[str], plan: Plan) -> str:
    """The lines for people. A configured key is never among them: `$OPENAI_API_KEY` stands for it."""
    base = f"{urls[0]}/v1"
    keys = len(plan.api_keys)
    which = "the configured key" if keys == 1 else f"one of the {keys} configured keys"
    export = f"export OPENAI_BASE_URL={base}" + ("" if keys else " OPENAI_API_KEY=sk-mock")
    return "\n".join(
        [
            f"openai-mock {__version__} at {' and '.join(urls)} (Ctrl-C stops it)",
            f"  answers  {answers(plan)}",
            f"  try it   {try_it(base, plan)}",
            f"  use it   {export}" + (f"   # and OPENAI_API_KEY: {which}" if keys else ""),
            *(
                f"  tells    {each['url']} of {', '.join(each['events'])}, signed with {each['secret'] or _CONFIGURED}"
                for each in told(plan)
            ),
        ]
    )


def answers(plan: Plan) -> str:
    """How many rules there are and where they stand, or what happens without any."""
    if not plan.scripts:
        rest = f" ({plan.source} has no rules)" if plan.source else ""
        return f"every operation; chats with a default text{rest}"
    return f"{counted(plan)} from {plan.source or 'the configuration'}"


def told(plan: Plan) -> list[dict[str, Any]]:
    """Who is told of events. A secret that was made is shown, since nobody else knows it; a configured one is not."""
    return [
        {
            "url": shown_url(each.url),
            "events": [*each.events],
            "secret": None if each.secret else made_for(each.url, number)[1],
        }
        for number, each in enumerate(plan.webhooks)
    ]


def counted(plan: Plan) -> str:
    """`3 flows, 1 response`: what there is."""
    scripts = _scripts(plan)
    responses = sum(script.whole for script in scripts)
    kinds = (
        (len(scripts) - responses, "flow"),
        (responses, "response"),
        (len(plan.scripts) - len(scripts), "rule"),
    )
    said = [f"{number} {word}{'s' * (number != 1)}" for number, word in kinds if number]
    return ", ".join(said) or "no rules"


def _scripts(plan: Plan) -> list[Script]:
    from openai_mock.rules.script import Script  # noqa: PLC0415 - see above

    return [entry for entry in plan.scripts if isinstance(entry, Script)]


def try_it(base: str, plan: Plan) -> str:
    """A line for a POSIX shell that gets an answer, where a rule is plain enough to be met without guessing."""
    model = plan.models[0] if plan.models else _MODEL
    body = json.dumps({"model": model, "messages": meeting(_scripts(plan))}, ensure_ascii=False)
    key = "$OPENAI_API_KEY" if plan.api_keys else "sk-mock"
    return (
        f'curl {base}/chat/completions -H "Content-Type: application/json" '
        f'-H "Authorization: Bearer {key}" -d {shlex.quote(body)}'
    )


def meeting(scripts: Sequence[Script]) -> list[dict[str, Any]]:
    """Messages that meet a rule: the first that wants exact texts, else the first whose texts need no guessing."""
    asked = [(_asked(script), script) for script in scripts if not script.invert]
    known = [lines for lines, _ in asked if lines and all(map(_plain, lines))]
    exact = [lines for lines in known if all(line.matcher == "exact" for line in lines)]
    lines = next(iter(exact or known), ())
    return [_message(line) for line in lines] or [{"role": "user", "content": _HELLO}]


def _asked(script: Script) -> tuple[Line, ...]:
    if script.whole:
        return script.lines
    return tuple(takewhile(lambda line: line.role != "assistant", script.lines))


def _plain(line: Line) -> bool:
    return line.matcher == "any" or (line.matcher != "regex" and bool(line.content.strip()))


def _message(line: Line) -> dict[str, Any]:
    content = line.content if line.matcher != "any" else line.content or _HELLO
    message: dict[str, Any] = {"role": line.role, "content": content}
    return message | {"tool_call_id": line.tool_call_id} if line.tool_call_id else message
