"""Random JSON Schemas of the strict subset, for whatever must conform to them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["name", "age", "city", "query", "x", "unit price", "größe", "items", "$ref", "type"])


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, inner, max_size=4).map(
        lambda found: {
            "type": "object",
            "properties": found,
            "required": list(found),
            "additionalProperties": False,
        }
    )


def bounded(kind: str) -> st.SearchStrategy[Any]:
    low = st.integers(-50, 50)
    return st.tuples(low, st.integers(3, 60), st.booleans(), st.sampled_from([None, 2, 3])).map(
        lambda drawn: {
            "type": kind,
            ("exclusiveMinimum" if drawn[2] else "minimum"): drawn[0],
            "maximum": drawn[0] + drawn[1] + 3,
            **({"multipleOf": drawn[3]} if drawn[3] else {}),
        }
    )


TEXTS = st.one_of(
    st.just({"type": "string"}),
    st.integers(0, 30).map(lambda least: {"type": "string", "minLength": least, "maxLength": least + 3}),
    st.sampled_from(
        ["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]
    ).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from(
        [
            r"^[A-Z]{2}\d{4}$", r"^\+?[0-9]{7,15}$", r"^(red|green)-[^a-z]+$", r"^\w+@\w+\.com$", r"^[^@\s]+$",
            r"colou?r", r"^(\d{3})-\d{2}$", r"^@[a-zA-Z0-9_]{3,8}$", r"^\d{4}-(0[1-9]|1[0-2])$",
        ]
    ).map(lambda pattern: {"type": "string", "pattern": pattern}),
)  # fmt: skip
PLAIN = st.one_of(
    TEXTS,
    bounded("integer"),
    bounded("number"),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["string", "null"]}),
    st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True).map(lambda values: {"enum": values}),
    st.sampled_from([1, "x", None, True]).map(lambda value: {"const": value}),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.tuples(inner, st.integers(0, 3), st.integers(0, 3)).map(
        lambda drawn: {"type": "array", "items": drawn[0], "minItems": drawn[1], "maxItems": drawn[1] + drawn[2]}
    )
    unions = st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
    folded = objects(inner).map(lambda one: {"allOf": [{"type": "object"}, one]})
    return st.one_of(objects(inner), lists, unions, folded)


STRICT = objects(st.recursive(PLAIN, nested, max_leaves=8))
