"""Puts rules before an author: what entries of a configuration say, the error when none fits, and the author.

Theory. Full responses come first, in file order. Conversations and rules compete by score; of two with one score the
rule wins if it has more conditions than a text, else the first in the file. A priority goes before all that, where 0 is
what conversations and full responses have. When no entry fits, that is an error where entries have words for the
operation; where rules have nothing but errors for it, the author answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from fnmatch import fnmatchcase
from typing import Any

from openai_mock.engine.errors import ApiError
from openai_mock.engine.failures import failure
from openai_mock.engine.ids import Ids
from openai_mock.engine.sessions import Sessions
from openai_mock.engine.store import Store
from openai_mock.rules.answer import Answer
from openai_mock.rules.asked import SPEAKING, Asked, asked_by
from openai_mock.rules.choose import Rules
from openai_mock.rules.explain import nearest
from openai_mock.rules.fill import filled
from openai_mock.rules.index import Found, Index
from openai_mock.rules.patterns import Budget
from openai_mock.rules.rule import Rule
from openai_mock.rules.script import Script
from openai_mock.rules.when import When
from openai_mock.turns.turn import Message, Prompt, Reply, Speak, Turn
from openai_mock.turns.written import turns_of_choices

NO_MATCH = "No matching response found for the given conversation"
_NEAREST = 3


class Speaker:
    """What entries of a configuration say. It never changes; any number of threads may ask."""

    def __init__(
        self,
        entries: Sequence[Script | Rule],
        otherwise: Speak,
        now: Callable[[], float] | None = None,
        *,
        sessions: Sessions | None = None,
        ids: Ids | None = None,
    ) -> None:
        """`now` is the clock that bounds patterns, `sessions` remember what rules count, `ids` are of requests."""
        self._otherwise, self._now, self._sessions, self._ids = otherwise, now, sessions, ids
        self.entries = tuple(entries)
        scripts = [entry for entry in entries if isinstance(entry, Script)]
        rules = [entry for entry in entries if isinstance(entry, Rule)]
        self._index = Index(scripts, now) if scripts else None
        self.rules = Rules(rules)
        self._counts = any(rule.counts for rule in rules)
        self._globs = {rule.when.operation for rule in rules if rule.when.operation is not None}
        self._place = {entry.id: at for at, entry in enumerate(entries)}

    def speak(self, prompt: Prompt) -> Reply:
        """Answer a prompt. Raises `ApiError`: what a rule wants, or 400 `no_match` with the nearest entries."""
        if not self.rules.ordered:
            return self._scripted(prompt, None)
        asked = asked_by(prompt, Budget(self._now))
        store = self._store(asked)
        with store.atomically() if self._counts and store is not None else nullcontext():
            rule = self.rules.find(asked, lambda rule: refusal(rule, store))
            found = self._index.find(prompt.messages) if self._index else None
            if rule is None or (found is not None and self._goes_before(found, rule)):
                return self._scripted(prompt, asked, found)
            return self._reply(rule, asked, prompt, _taken(rule, store))

    def answer(self, asked: Asked) -> tuple[Rule, Answer] | None:
        """The rule for an operation in which no model speaks, and what it answers with. Raises its `ApiError`."""
        if not self.rules.ordered or asked.operation in SPEAKING:
            return None
        store = self._store(asked)
        with store.atomically() if self._counts and store is not None else nullcontext():
            rule = self.rules.find(asked, lambda rule: refusal(rule, store))
            return None if rule is None else (rule, self._answer(rule, asked, _taken(rule, store)))

    def silent(self, operations: Iterable[str]) -> set[str]:
        """The operations in which no model speaks, but rules do."""
        return {name for name in operations if self.concerns(name)} if self._globs else set()

    def concerns(self, operation: str) -> bool:
        """Whether rules may answer an operation in which no model speaks."""
        return operation not in SPEAKING and any(fnmatchcase(operation, glob) for glob in self._globs)

    def _store(self, asked: Asked) -> Store | None:
        return self._sessions.store(asked.session) if self._counts and self._sessions is not None else None

    def _goes_before(self, found: Found, rule: Rule) -> bool:
        """Whether a conversation or a full response wins over a rule that fits as well."""
        when = rule.when
        if when.priority:
            return when.priority < 0
        if found.script.whole:
            return True
        tenths = round(found.score * 10, 6)
        if tenths != when.tenths:
            return tenths > when.tenths
        return _further(when) == 0 and self._place[found.script.id] < self._place[rule.id]

    def _scripted(self, prompt: Prompt, asked: Asked | None, found: Found | None = None) -> Reply:
        if self._index is None:
            if asked is not None and self._has_words(asked):
                raise self._no_match(prompt, asked)
            return self._otherwise(prompt)
        found = found or (self._index.find(prompt.messages) if asked is None else None)
        if found is None:
            raise no_match(self._index, prompt.messages) if asked is None else self._no_match(prompt, asked)
        return _reply(found, prompt, self._otherwise)

    def _has_words(self, asked: Asked) -> bool:
        return any(rule.speaks and rule.when.applies(asked.operation, spoken=True) for rule in self.rules.ordered)

    def _reply(self, rule: Rule, asked: Asked, prompt: Prompt, number: int) -> Reply:
        answer = self._answer(rule, asked, number)
        if answer.turn is None and "choices" not in (answer.fields or {}) and "output" not in (answer.fields or {}):
            turns: tuple[Turn, ...] = self._otherwise(prompt).turns
        else:
            turns = turns_of_choices(answer.fields or {}) or (answer.turn or Turn(""),)
        fields = answer.fields
        if fields is not None and "choices" not in fields:
            turns = tuple(turns[at % len(turns)] for at in range(max(len(turns), prompt.body.get("n") or 1)))
        return Reply(turns, fields=fields, rule=rule.id)

    def _answer(self, rule: Rule, asked: Asked, number: int) -> Answer:
        answer = filled(rule.nth(number), asked, rule.id, patterns_of(rule.when, asked), number)
        if answer.error is not None:
            raise failed(answer.error, rule.id, asked.model, self._ids.hexadecimal("req_") if self._ids else "")
        return answer

    def _no_match(self, prompt: Prompt, asked: Asked) -> ApiError:
        """The entries that come closest, of both kinds."""
        store = self._store(asked)
        near = self.rules.nearest(asked, lambda rule: refusal(rule, store), _NEAREST)
        misses = [(stand.held, _missed(rule.id, rule.where, stand.reason, stand.held)) for rule, stand in near]
        if self._index is not None:
            misses += [(miss["similarity"], miss) for miss in _misses(self._index, prompt.messages)]
        best = sorted(misses, key=lambda miss: -miss[0])[:_NEAREST]
        return ApiError(400, NO_MATCH, code="no_match", extra={"nearest": [miss for _, miss in best]})


def speaker(entries: Sequence[Script | Rule], otherwise: Speak, now: Callable[[], float] | None = None) -> Speak:
    """Answers prompts from entries; without any, `otherwise` answers. `now` is the clock that bounds patterns."""
    return Speaker(entries, otherwise, now).speak if entries else otherwise


def refusal(rule: Rule, store: Store | None) -> str | None:
    """Why a rule does not answer now."""
    return rule.refuses(store) if store is not None else None


def _taken(rule: Rule, store: Store | None) -> int:
    return rule.take(store) if rule.counts and store is not None else 1


def _further(when: When) -> int:
    """How many conditions a rule has besides the text that gives it its score."""
    return when.count - min(1, len(when.texts))


def patterns_of(when: When, asked: Asked) -> tuple[tuple[str, str], ...]:
    """The regular expressions of a rule, and the texts in which they are searched."""
    found = ((line, asked.said(place)) for place, line in when.texts if line.matcher == "regex")
    return tuple((line.content, text.raw) for line, text in found if text is not None)


def failed(given: Mapping[str, Any], rule: str, model: str, request_id: str) -> ApiError:
    """The error that a rule wants."""
    named = {"type": "kind"}
    fields = {named.get(key, key): value for key, value in given.items() if key != "status"}
    error = failure(given["status"], model=model, request_id=request_id, **fields)
    error.rule = rule
    return error


def no_match(index: Index, messages: Sequence[Message]) -> ApiError:
    """The error of a conversation that no script matches; `nearest` says which scripts come close, and why not."""
    return ApiError(400, NO_MATCH, code="no_match", extra={"nearest": _misses(index, messages)})


def _misses(index: Index, messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [
        {**_missed(miss.id, miss.where, miss.reason, miss.similarity), "position": miss.position}
        for miss in nearest(index, messages)
    ]


def _missed(id_: str, where: str, why: str, similarity: float) -> dict[str, Any]:
    return {"id": id_, "where": where, "position": None, "reason": why, "similarity": round(similarity, 2)}


def _reply(found: Found, prompt: Prompt, otherwise: Speak) -> Reply:
    """A flow's line as a reply, or a full response's own; the author fills in turns that the script leaves out."""
    script = found.script
    if found.turn is not None:
        return Reply(turns=(found.turn,), id=f"chatcmpl-{script.id}", rule=script.id)
    fixed = script.reply or Reply(turns=(), id=None if script.whole else f"chatcmpl-{script.id}")
    turns = fixed.turns or otherwise(prompt).turns
    return Reply(turns=turns, id=fixed.id, fields=fixed.fields, rule=script.id)
