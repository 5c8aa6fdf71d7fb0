"""Citations: links of a text, and both ways to write them."""

from __future__ import annotations

import pytest

from openai_mock.turns.citations import citations, flat, nested


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No link here: http:// or example.com.", []),
        ("See [Cats](https://a.example/b).", [("Cats", "https://a.example/b", "[Cats](https://a.example/b)")]),
        ("(https://a.example/b?c=d),", [("a.example", "https://a.example/b?c=d", "https://a.example/b?c=d")]),
        ("naïve 日本 https://ä.example!", [("ä.example", "https://ä.example", "https://ä.example")]),
    ],
)
def test_links_are_cited_where_they_stand(text: str, found: list[tuple[str, str, str]]) -> None:
    cited = citations(text)
    assert [(one["title"], one["url"], text[one["start_index"] : one["end_index"]]) for one in cited] == found


def test_both_ways_to_write_a_citation() -> None:
    inner = {"start_index": 0, "end_index": 2, "title": "A", "url": "https://a.example"}
    one, other = {"type": "url_citation", **inner}, {"type": "url_citation", "url_citation": inner}
    file = {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": 0}
    assert nested([one, other, file]) == [other, other]
    assert flat([one, other, file]) == [one, one, file]
