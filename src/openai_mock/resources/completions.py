"""Completions, the older form of chat: a text in, and what follows it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from openai_mock.engine.answers import Alike, Answer, Events
from openai_mock.engine.errors import ApiError
from openai_mock.engine.overlay import laid_over
from openai_mock.engine.resource import Call, Resource
from openai_mock.turns.checks.choices import needing
from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.checks.models import elsewhere
from openai_mock.turns.checks.room import in_completion
from openai_mock.turns.facts import facts
from openai_mock.turns.likely import likelihoods
from openai_mock.turns.pieces import encoded_pieces, pieces
from openai_mock.turns.tokens import count, encoding_for, spellings
from openai_mock.turns.turn import Message, Reply, Turn
from openai_mock.turns.written import chat_fields

completions = Resource("text_completion")
_USUAL_PROMPT, _USUAL_LIMIT = "<|endoftext|>", 16
_DONE = b"data: [DONE]\n\n"
_encode = msgspec.json.Encoder().encode


class _Choice(msgspec.Struct, frozen=True):
    """One choice: its prompt where that is echoed, and what was said. `offset` is where it begins.

    `first` is how likely the first token of an echoed prompt was. It follows nothing, so nobody can say, and it is
    null; where ids are lenient it is a number, as the declared types have it.
    """

    index: int
    echoed: str
    said: str
    offset: int
    finish: str
    first: float | None


@completions.checks("completions.create")
def misuse(call: Call) -> Iterator[Misuse]:
    """A model of chat, options of a stream without one, and prompts that leave no room for the completion."""
    body, known = call.body, facts(call.model)
    yield from elsewhere(known, "completions")
    yield from needing(body, ("stream_options", "stream"))
    limit = _USUAL_LIMIT if body.get("max_tokens") is None else body["max_tokens"]
    if len(call.request.body) + limit > known.context:
        for _, tokens in _prompts(body.get("prompt"), encoding_for(call.model)):
            yield from in_completion(tokens, limit, known)


@completions.on("completions.create")
def create(call: Call) -> Answer:
    """`n` choices for each prompt, whole or as chunks. Rules hear a prompt as the only message of a user."""
    body = call.body
    n, drawn = _numbers(body)
    encoding = encoding_for(call.model)
    choices: list[_Choice] = []
    read = said = 0
    reply = Reply(())
    for text, tokens in _prompts(body.get("prompt"), encoding):
        limit = _USUAL_LIMIT if body.get("max_tokens") is None else body["max_tokens"]
        asked = {**body, "n": drawn, "max_tokens": limit}
        reply = call.world.speak(call.prompt([Message("user", text)], call.model, asked))
        call.rule = reply.rule
        spoken = reply.turns or (Turn(""),)
        turns = [spoken[index % len(spoken)] for index in range(drawn)]
        read += tokens + count(body.get("suffix") or "", encoding)
        said += sum(_tokens(turn, encoding) for turn in turns)
        choices += [_choice(call, len(choices) + index, text, turn) for index, turn in enumerate(turns[:n])]
    shared = _shared(call, reply)
    usage = {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}
    if body.get("stream"):
        call.used = usage
        return Events(_chunks(shared, choices, usage, body, encoding))
    whole = {**shared, "choices": [_written(choice, body, encoding) for choice in choices], "usage": usage}
    fields = _fields(reply)
    return laid_over(whole, fields) if fields else whole


def _fields(reply: Reply) -> dict[str, Any]:
    """What the writer of the reply fixed about the object; choices that were written for chat are in its turns."""
    fields = {name: value for name, value in chat_fields(reply.fields).items() if name != "object"}
    if any("message" in choice for choice in fields.get("choices") or ()):
        del fields["choices"]
    return fields


def _numbers(body: Mapping[str, Any]) -> tuple[int, int]:
    """How many choices are shown and how many are made. Raises OpenAI's 400 where more are shown than made."""
    n = body.get("n") or 1
    best = body.get("best_of") or n
    if best < n:
        raise ApiError(
            400,
            "You requested that the server return more choices than it will generate (HINT: You must set 'n' "
            f"(currently {n}) to be at most 'best_of' (currently {best}), or omit either parameter if you don't "
            "specifically want to use them.)",
        )
    return int(n), int(best)


def _prompts(given: Any, encoding: str) -> Iterable[tuple[str, int]]:
    """The text and the number of tokens of each prompt; an array of numbers is one prompt, made of tokens."""
    if given is None or given == []:
        given = _USUAL_PROMPT
    several = [given] if isinstance(given, str) or isinstance(given[0], int | float) else given
    for each in several:
        if isinstance(each, str):
            yield each, count(each, encoding)
        else:
            yield _spelled(each, encoding), len(each)


def _spelled(tokens: Sequence[int], encoding: str) -> str:
    """The text that tokens stand for; numbers that are no tokens stand for themselves."""
    try:
        return b"".join(spellings([int(token) for token in tokens], encoding)).decode("utf-8", "replace")
    except (KeyError, OverflowError):
        return " ".join(map(str, tokens))


def _tokens(turn: Turn, encoding: str) -> int:
    return count(turn.text or turn.refusal or "", encoding) if turn.tokens is None else turn.tokens


def _choice(call: Call, index: int, prompt: str, turn: Turn) -> _Choice:
    finish = turn.finish_reason if turn.finish in {"length", "content_filter"} else "stop"
    echoed = prompt if call.body.get("echo") else ""
    first = 0.0 if call.world.lenient_ids else None
    return _Choice(index, echoed, turn.text or turn.refusal or "", 0 if echoed else len(prompt), finish, first)


def _shared(call: Call, reply: Reply) -> dict[str, Any]:
    """What every chunk of a completion has too."""
    own = reply.id and f"cmpl-{reply.id.removeprefix('chatcmpl-')}"
    shared = {
        "id": own or call.world.ids.letters("cmpl-", 29),
        "object": "text_completion",
        "created": call.now,
        "model": call.model,
        "system_fingerprint": None,
    }
    return {name: value for name, value in {**shared, **_fields(reply)}.items() if name in shared}


def _written(choice: _Choice, body: Mapping[str, Any], encoding: str) -> dict[str, Any]:
    return {
        "text": choice.echoed + choice.said,
        "index": choice.index,
        "logprobs": _logprobs(choice, body, encoding),
        "finish_reason": choice.finish,
    }


def _logprobs(choice: _Choice, body: Mapping[str, Any], encoding: str) -> dict[str, Any] | None:
    """Each token with how likely it was; the one that was said is among the likeliest, or stands behind them."""
    most, greedy = body.get("logprobs"), body.get("temperature") == 0
    if most is None:
        return None
    shown: list[str] = []
    offsets: list[int] = []
    likely: list[float | None] = []
    top: list[dict[str, float] | None] = []
    at = choice.offset
    for text in (choice.echoed, choice.said):
        before = b""
        for each in likelihoods(text, encoding, most, start=at, greedy=greedy):
            shown.append(_shown(each.token))
            offsets.append(at + len(before.decode("utf-8", "ignore")))
            likely.append(each.logprob)
            top.append({_shown(token): logprob for token, logprob in (*each.top, (each.token, each.logprob))})
            before += each.token
        at += len(text)
    if choice.echoed and shown:
        likely[0] = choice.first
        top[0] = None if choice.first is None else {shown[0]: choice.first}
    return {
        "tokens": shown,
        "token_logprobs": likely,
        "top_logprobs": top if most else None,
        "text_offset": offsets,
    }


def _shown(spelled: bytes) -> str:
    """A token as text, or as its bytes where it is only a part of a character."""
    try:
        return spelled.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in spelled)


def _chunks(
    shared: Mapping[str, Any],
    choices: Sequence[_Choice],
    usage: Mapping[str, Any],
    body: Mapping[str, Any],
    encoding: str,
) -> Iterator[bytes | Alike]:
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    start = b"data: " + _encode(shared)[:-1]
    end = b',"usage":null}\n\n' if with_usage else b"}\n\n"
    for choice in choices:
        before = b'%b,"choices":[{"text":"' % start
        after = b'","index":%d,"logprobs":%b,"finish_reason":%b}]%b'
        if body.get("logprobs") is not None:
            for part in _parts(choice, encoding):
                logged = _encode(_logprobs(part, body, encoding))
                yield before + _inner(part) + after % (choice.index, logged, b"null", end)
        else:
            plain = after % (choice.index, b"null", b"null", end)
            for text in filter(None, (choice.echoed, choice.said)):
                yield Alike(before, encoded_pieces(text, encoding), plain)
        yield before + after % (choice.index, b"null", _encode(choice.finish), end)
    if with_usage:
        yield b'%b,"choices":[],"usage":%b}\n\n' % (start, _encode(usage))
    yield _DONE


def _parts(choice: _Choice, encoding: str) -> Iterator[_Choice]:
    """A choice piece by piece; only the first piece of an echoed prompt is told apart from what was said."""
    at, first = choice.offset, bool(choice.echoed)
    for text in (choice.echoed, choice.said):
        for piece in pieces(text, encoding):
            yield replace(choice, echoed=piece if first else "", said="" if first else piece, offset=at)
            at, first = at + len(piece), False


def _inner(choice: _Choice) -> bytes:
    """The text of a choice as it stands between the quotes of a JSON string."""
    return _encode(choice.echoed + choice.said)[1:-1]
