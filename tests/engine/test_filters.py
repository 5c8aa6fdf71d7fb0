"""What a list is asked for, compared with objects and with their text."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openai_mock.engine.filters import Filter
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.store import encode
from openai_mock.mock import OpenAIMock

SCALAR = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", "a-b", "for", 'quo"te', "é"])
VALUE = SCALAR | st.lists(SCALAR, max_size=2) | st.dictionaries(st.sampled_from("ab"), SCALAR, max_size=2)
NAME = st.sampled_from(["a", "b", "a-b", "for", 'quo"te', "\\", "\n", "", "é"])
OBJECT = st.dictionaries(NAME, VALUE, max_size=4)


@given(items=st.lists(OBJECT, max_size=5), wanted=st.dictionaries(NAME, VALUE, min_size=1, max_size=3))
def test_the_text_is_judged_as_the_object_is(items: list[dict[str, Any]], wanted: dict[str, Any]) -> None:
    asked = Filter(wanted)
    unread = any(name in {'quo"te', "\\", "\n"} for name in wanted)
    assert asked.sieve([encode(item) for item in items]) == [unread or asked(item) for item in items]


def test_a_field_inside_of_another_is_not_the_object_s_own() -> None:
    inner = encode({"purpose": "vision"})
    assert Filter({"purpose": "batch"}).sieve([b'{"of":' + inner + b"}", inner]) == [True, False]


def test_only_objects_that_stay_as_they_are_are_judged_unread() -> None:
    assert not Lifecycle(expiry="* -> gone").alters
    assert Lifecycle(expiry="a -> expired").alters
    assert Lifecycle("a -> b").alters


def test_few_among_many_are_found_in_order() -> None:
    mock = OpenAIMock(seed=1)
    store = mock.state()
    for number in range(1000):
        store.put(
            "/files", f"file-{number}", {"id": f"file-{number}", "purpose": "vision" if number % 300 == 7 else "x"}
        )
    page = store.page("/files", limit=2, order="desc", sieve=Filter({"purpose": "vision"}).sieve)
    assert [id_ for id_, _ in page.items] == ["file-907", "file-607"]
    assert page.has_more
    page = store.page("/files", limit=2, order="desc", after="file-607", sieve=Filter({"purpose": "vision"}).sieve)
    assert [id_ for id_, _ in page.items] == ["file-307", "file-7"]
    assert not page.has_more
