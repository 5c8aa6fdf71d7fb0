"""The SDK's flat notation of nested values, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._qs import Querystring

from openai_mock.spec.forms import nest, shape


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], {}),
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2")], {"a": ["1", "2"]}),
        ([("a[]", "1")], {"a": ["1"]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a[b][]", "1"), ("a[b][]", "2")], {"a": {"b": ["1", "2"]}}),
        ([("a[][x]", "1"), ("a[][y]", "2"), ("a[][x]", "3")], {"a": [{"x": "1", "y": "2"}, {"x": "3"}]}),
        ([("a[0]", "1"), ("a[1]", "2")], {"a": ["1", "2"]}),
        ([("a[b", "1"), ("[c]", "2"), ("", "3")], {"a[b": "1", "[c]": "2", "": "3"}),
        ([("a" + "[b]" * 100, "1")], {"a" + "[b]" * 100: "1"}),
    ],
)
def test_nest(pairs, expected):
    assert nest(pairs) == expected


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("5", {"type": "integer"}, 5),
        ("5.5", {"type": "integer"}, "5.5"),
        ("5.5", {"type": ["number", "null"]}, 5.5),
        ("1e3", {"type": "number"}, 1000.0),
        ("nan", {"type": "number"}, "nan"),
        ("9" * 5000, {"type": "integer"}, "9" * 5000),
        ("true", {"type": "boolean"}, True),
        ("0", {"type": "boolean"}, False),
        ("maybe", {"type": "boolean"}, "maybe"),
        ("5", {"type": "string"}, "5"),
        ("5", {"anyOf": [{"type": "integer"}, {"const": "inf"}]}, 5),
        ("inf", {"anyOf": [{"type": "integer"}, {"const": "inf"}]}, "inf"),
        ("a", {"type": "array", "items": {"type": "string"}}, ["a"]),
        ("5", {"type": ["array", "null"], "items": {"type": "integer"}}, [5]),
        ("a", {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "a"),
        ('{"a": 1}', {"$ref": "#/$defs/thing"}, {"a": 1}),
        ("{", {"$ref": "#/$defs/thing"}, "{"),
        (["1", "2"], {"type": "integer"}, 2),
        ({"a": "1", "b": "2"}, {"$ref": "#/$defs/thing"}, {"a": 1, "b": "2"}),
    ],
)
def test_shape(text, schema, expected):
    definitions = {"thing": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    found = shape(text, schema, definitions)
    assert found == expected
    assert type(found) is type(expected)


WORDS = st.text(alphabet="abcxyz", min_size=1, max_size=3)
VALUES = st.recursive(
    WORDS, lambda inner: st.lists(WORDS, min_size=2, max_size=3) | st.dictionaries(WORDS, inner, min_size=1, max_size=3)
)


@given(st.dictionaries(WORDS, VALUES, max_size=4), st.sampled_from(["brackets", "repeat"]))
def test_nest_undoes_what_the_sdk_writes(value, array_format):
    assert nest(Querystring(array_format=array_format).stringify_items(value)) == value
