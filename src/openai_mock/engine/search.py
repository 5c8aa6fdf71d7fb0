"""Searches vector stores: the real bytes of their files, cut into passages and ranked by the words of a query.

Theory. Embeddings are not computed; what is found shares words with the query. A file is read, cut and indexed when it
is first looked at, and remembered by its bytes: another file with the same bytes needs no second index, and a file that
is attached with another chunking gets one of its own. A word of at most 16 characters counts as a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from openai_mock.engine.attribute_filters import accepting
from openai_mock.engine.file_object import file_content
from openai_mock.engine.resource import Call
from openai_mock.engine.store import Object
from openai_mock.media.document import document_text
from openai_mock.turns.found import Hit
from openai_mock.turns.ranking import Indexed, index, rank

STORES, FILES = "vector_stores.retrieve", "vector_stores.files.list"
"""Operations that name the collections."""
CHUNK, OVERLAP = 800, 400
"""Tokens of a passage, and how many of them the next one repeats, where nothing else is asked."""
EVERY = 2**31
"""More objects than a collection has."""
_DAY = 86_400
_TOKEN = re.compile(r"\S{1,16}")
_SMALL = 131_072
_NOTHING = index(())


def search(
    call: Call,
    stores: Sequence[str],
    queries: Sequence[str],
    *,
    most: int = 10,
    threshold: float = 0.0,
    filters: Mapping[str, Any] | None = None,
) -> list[Hit]:
    """The best passages of the files that vector stores have ready, best first; unknown stores have none.

    `filters` are on the files' attributes; `threshold` is the least score. Raises the 400 for a filter without sense.
    """
    accepts = accepting(filters)
    known: dict[str, Object] = {}
    for store in stores:
        files = call.collection(FILES, vector_store_id=store)
        for id_, item in files.page(limit=EVERY, order="asc").items:
            if item.get("status") == "completed" and accepts(item.get("attributes") or {}):
                known.setdefault(id_, item)
    items = list(known.items())
    documents = [passages(call, id_, item) for id_, item in items]
    found = [each for each in rank(documents, queries) if each.score >= threshold][:most]
    names = {at: filename(call, items[at][0]) for at in {each.document for each in found}}
    return [
        Hit(
            items[each.document][0],
            names[each.document],
            each.score,
            items[each.document][1].get("attributes") or {},
            documents[each.document].passages[each.passage],
        )
        for each in found
    ]


def passages(call: Call, file_id: str, item: Object) -> Indexed:
    """The passages of a file of a vector store, given its object there; none where the file is gone."""
    content = file_content(call, file_id)
    if not content:
        return _NOTHING
    static = (item.get("chunking_strategy") or {}).get("static") or {}
    size, overlap = static.get("max_chunk_size_tokens", CHUNK), static.get("chunk_overlap_tokens", OVERLAP)
    read = _small if len(content) <= _SMALL else _large
    return read(content, filename(call, file_id), size, overlap)


def filename(call: Call, file_id: str) -> str:
    """The name of a file; empty where it is gone."""
    file = call.collection("files.retrieve").find(file_id)
    return str(file["filename"]) if file else ""


def usable(call: Call, ids: Iterable[str]) -> list[Object]:
    """The vector stores of these ids that exist and have not expired."""
    if STORES not in call.world.shapes:
        return []
    found = [call.collection(STORES).find(id_) for id_ in dict.fromkeys(ids)]
    return [store for store in found if store is not None and not is_expired(call, store)]


def is_expired(call: Call, store: Object) -> bool:
    """Whether a vector store was not used for as long as it was to last."""
    ends = store.get("expires_at")
    return ends is not None and ends <= call.now


def used(call: Call, store: Object) -> Object:
    """Note that a vector store is in use, which puts off its end; the object as it is then."""
    days = (store.get("expires_after") or {}).get("days")
    ends = None if days is None else call.now + days * _DAY
    return call.collection(STORES).save({**store, "last_active_at": call.now, "expires_at": ends})


def cut(text: str, size: int, overlap: int) -> list[str]:
    """A text as passages of `size` tokens, each of which repeats the last `overlap` tokens of the one before."""
    tokens = [found.span() for found in _TOKEN.finditer(text)]
    made: list[str] = []
    for start in range(0, len(tokens), max(1, size - overlap)):
        end = min(start + size, len(tokens))
        made.append(text[tokens[start][0] : tokens[end - 1][1]])
        if end == len(tokens):
            break
    return made


def _read(content: bytes, name: str, size: int, overlap: int) -> Indexed:
    return index(cut(document_text(content, name), size, overlap))


_small = lru_cache(maxsize=512)(_read)
_large = lru_cache(maxsize=4)(_read)
