"""Usage: what was used in each bucket of time, by whom and with which model, as the answers said it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from openai_mock.engine.answers import Answer
from openai_mock.engine.headers import PROJECT
from openai_mock.engine.resource import Call, Resource
from openai_mock.resources.admin.buckets import Result, Span, Spent, grouped, inside, page, spent, within

usage = Resource("usage")
_USAGE = "admin.organization.usage."
_STORES = "vector_stores.list"


class Kind(Struct, frozen=True):
    """One kind of usage: the type of its results, what they count, and by what they can be grouped beyond whose it is.

    `details` are the names of the total's own details; `filters` the query parameters that choose among them.
    """

    object: str
    counted: Sequence[str]
    groups: Sequence[str] = ("project_id", "user_id", "api_key_id", "model")
    details: Sequence[str] = ()
    filters: Sequence[str] = ()


_WHOSE = ("project_id", "user_id", "api_key_id")
_TOKENS = ("num_model_requests", "input_tokens", "output_tokens")
_MODEL_GROUPS = (*_WHOSE, "model", "batch", "service_tier", "api_source")
KINDS: Mapping[str, Kind] = {
    "completions": Kind("completions", _TOKENS, _MODEL_GROUPS),
    "decisions": Kind("decisions", _TOKENS, _MODEL_GROUPS),
    "embeddings": Kind("embeddings", ("num_model_requests", "input_tokens")),
    "moderations": Kind("moderations", ("num_model_requests", "input_tokens")),
    "images": Kind(
        "images",
        ("num_model_requests", "images"),
        (*_WHOSE, "model", "size", "source"),
        ("size", "source"),
        ("sizes", "sources"),
    ),
    "audio_speeches": Kind("audio_speeches", ("num_model_requests", "characters")),
    "audio_transcriptions": Kind("audio_transcriptions", ("num_model_requests", "seconds")),
    "code_interpreter_sessions": Kind("code_interpreter_sessions", ("num_sessions",), ("project_id",)),
    "file_search_calls": Kind(
        "file_searches", ("num_requests",), (*_WHOSE, "vector_store_id"), ("vector_store_id",), ("vector_store_ids",)
    ),
    "web_search_calls": Kind(
        "web_searches",
        ("num_model_requests", "num_requests"),
        (*_WHOSE, "model", "context_level", "api_source"),
        ("context_level",),
        ("context_levels",),
    ),
}


def _of(name: str, kind: Kind) -> None:
    """Answer the operation of a kind of usage."""

    @usage.on(f"{_USAGE}{name}")
    def answer(call: Call) -> Answer:
        query = call.query
        groups = query.get("group_by") or ()
        rows = [each for each in spent(call) if each.facts.kind == name and within(each, query)]
        rows = [each for each in rows if _detailed(each, kind, query)]

        def results(span: Span) -> list[Result]:
            return [
                _result(kind, groups, values, amounts)
                for values, amounts in grouped(inside(rows, span), _key(kind, groups)).items()
            ]

        return page(call, results)


def _detailed(each: Spent, kind: Kind, query: Mapping[str, Any]) -> bool:
    pairs = zip(kind.filters, each.facts.detail, strict=False)
    return all(not query.get(name) or value in query[name] for name, value in pairs)


def _key(kind: Kind, groups: Sequence[str]) -> Callable[[Spent], tuple[Any, ...]]:
    def values(each: Spent) -> tuple[Any, ...]:
        facts = each.facts
        known = {
            "project_id": each.project_id,
            "user_id": each.user_id,
            "api_key_id": each.api_key_id,
            "model": facts.model,
            "batch": facts.batch,
            "service_tier": facts.tier or "default",
            "api_source": "unlabeled",
            **dict(zip(kind.details, facts.detail, strict=False)),
        }
        return tuple(known[name] for name in groups)

    return values


def _result(kind: Kind, groups: Sequence[str], values: Sequence[Any], amounts: Counter[str]) -> Result:
    made: Result = {
        "object": f"organization.usage.{kind.object}.result",
        **{name: amounts[name] for name in kind.counted},
        **dict.fromkeys(kind.groups),
        **{
            name: value or None if isinstance(value, str) else value for name, value in zip(groups, values, strict=True)
        },
    }
    return {**made, **_shares(amounts)} if kind.counted is _TOKENS else made


def _shares(amounts: Counter[str]) -> dict[str, int]:
    """What the tokens are made of: read from the cache or not, and text, sound or pictures."""
    cached, kept = amounts["input_cached_tokens"], amounts["input_cache_write_tokens"]
    fresh = amounts["input_tokens"] - cached - kept
    sound, seen = amounts["input_audio_tokens"], amounts["input_image_tokens"]
    spoken, drawn = amounts["output_audio_tokens"], amounts["output_image_tokens"]
    return {
        "input_cached_tokens": cached,
        "input_cached_text_tokens": cached,
        "input_cached_audio_tokens": 0,
        "input_cached_image_tokens": 0,
        "input_cache_write_tokens": kept,
        "input_uncached_tokens": fresh,
        "input_text_tokens": fresh - sound - seen,
        "input_audio_tokens": sound,
        "input_image_tokens": seen,
        "output_text_tokens": amounts["output_tokens"] - spoken - drawn,
        "output_audio_tokens": spoken,
        "output_image_tokens": drawn,
    }


for _name, _kind in KINDS.items():
    _of(_name, _kind)


@usage.on(f"{_USAGE}vector_stores")
def vector_stores(call: Call) -> Answer:
    """The bytes of the vector stores that there are, from when they were made on; all in the default project."""
    query, now = call.query, call.now
    wanted = query.get("project_ids")
    kept = [each for _, each in call.store.list(call.collection(_STORES).path)]
    stores = kept if not wanted or PROJECT in wanted else []
    by_project = "project_id" in (query.get("group_by") or ())

    def results(span: Span) -> list[Result]:
        here = [each for each in stores if each.get("created_at", 0) < span.end and span.start <= now]
        if not here:
            return []
        bytes_ = sum(each.get("usage_bytes") or 0 for each in here)
        shown = PROJECT if by_project else None
        return [{"object": "organization.usage.vector_stores.result", "usage_bytes": bytes_, "project_id": shown}]

    return page(call, results)
