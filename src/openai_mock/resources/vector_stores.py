"""Vector stores: files that are processed by and by and then found by their words.

Theory. What happens happens to a file in a store: it walks from `in_progress` to `completed`, or has failed where it
has nothing to read, and its policy is that of `vector_stores.files`. A file that is deleted, or has expired, is in no
store any more. A store and a batch have no road of their own: status and counts of both are counted from their files
whenever they are shown, and to retrieve one polls the files that are still on their way. A batch keeps what it came to
once none is. A store that is not used for `expires_after.days` shows itself as expired, and takes and finds nothing
more until it is updated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from openai_mock.engine.answers import Answer
from openai_mock.engine.collection import Collection
from openai_mock.engine.errors import ApiError
from openai_mock.engine.file_object import file_content
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.pages import filters, stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.search import CHUNK, EVERY, FILES, OVERLAP, STORES, filename, is_expired, passages, search, used
from openai_mock.engine.store import Object
from openai_mock.media.document import document_text
from openai_mock.media.kinds import kind
from openai_mock.turns.ranking import rewritten

_BATCHES = "vector_stores.file_batches.retrieve"
_MEMBERS = "files"
"""The name of the bytes beside a batch that hold the ids of its files."""
_COUNTED = ("cancelled", "completed", "failed", "in_progress")
_RESULTS = 10

vector_stores = Resource("vector_store", keeps=STORES)
store_files = Resource(
    "file",
    keeps=FILES,
    lifecycle=Lifecycle("in_progress -> completed", moves=("in_progress -> cancelled",), image_of="files.retrieve"),
)
file_batches = Resource("file_batch", keeps=_BATCHES)


@vector_stores.on("vector_stores.create")
def create(call: Call) -> Answer:
    """A store, with the files it begins with."""
    body, now = call.body, call.now
    id_, members = call.world.ids.hexadecimal("vs_", 32), _known(call, body.get("file_ids") or ())
    chunking = _chunking(body.get("chunking_strategy"))
    made: Object = {
        "id": id_,
        "object": "vector_store",
        "created_at": now,
        "name": body.get("name") or "",
        "usage_bytes": 0,
        "file_counts": dict.fromkeys((*_COUNTED, "total"), 0),
        "status": "completed",
        "expires_after": body.get("expires_after"),
        "expires_at": None,
        "last_active_at": now,
        "metadata": body.get("metadata") or {},
    }
    call.create(made)
    for member in members:
        _attach(call, id_, member, chunking)
    return _shown(call, used(call, made))


@vector_stores.on("vector_stores.retrieve")
def retrieve(call: Call) -> Answer:
    """A store as it is by now."""
    return _shown(call, call.item, polled=True)


@vector_stores.on("vector_stores.list")
def list_(call: Call) -> Answer:
    """Stores as they are by now."""
    page = stored_page(call)
    return {**page, "data": [_shown(call, item) for item in page["data"]]}


@vector_stores.on("vector_stores.update")
def update(call: Call) -> Answer:
    """Change what the request names; null takes it away."""
    body = call.body
    empty: Object = {"name": "", "metadata": {}, "expires_after": None}
    changed = {key: body[key] or nothing for key, nothing in empty.items() if key in body}
    return _shown(call, used(call, {**call.item, **changed}))


@vector_stores.on("vector_stores.search")
def search_store(call: Call) -> Answer:
    """The passages that fit one or several queries best."""
    body = call.body
    _usable(call, call.id)
    asked = [body["query"]] if isinstance(body["query"], str) else body["query"]
    queries = [rewritten(query) for query in asked] if body.get("rewrite_query") else asked
    found = search(
        call,
        [call.id],
        queries,
        most=body.get("max_num_results") or _RESULTS,
        threshold=(body.get("ranking_options") or {}).get("score_threshold") or 0.0,
        filters=body.get("filters"),
    )
    shown = [
        {
            "file_id": hit.file_id,
            "filename": hit.filename,
            "score": hit.score,
            "attributes": hit.attributes,
            "content": [{"type": "text", "text": hit.text}],
        }
        for hit in found
    ]
    return _pages("vector_store.search_results.page", shown, search_query=queries)


@store_files.on("vector_stores.files.create")
def attach(call: Call) -> Answer:
    """Let a store process a file, which must exist."""
    body, id_ = call.body, call.params["vector_store_id"]
    _usable(call, id_)
    (member,) = _known(call, [body["file_id"]])
    return _attach(call, id_, member, _chunking(body.get("chunking_strategy")), body.get("attributes"))


@store_files.on("vector_stores.files.update")
def update_file(call: Call) -> Answer:
    """Other attributes in place of what there was."""
    call.collection(STORES).get(call.params["vector_store_id"])
    return call.collection().save({**call.item, "attributes": call.body.get("attributes") or {}}, call.id)


@store_files.on("vector_stores.files.content")
def content(call: Call) -> Answer:
    """The passages into which the file was cut; none before it was processed."""
    call.collection(STORES).get(call.params["vector_store_id"])
    item = call.item
    texts = passages(call, call.id, item).passages if item["status"] == "completed" else ()
    return _pages("vector_store.file_content.page", [{"type": "text", "text": text} for text in texts])


@store_files.entering("completed")
def processed(call: Call, item: Object, _: int) -> Object:
    """Measure a file; one in which there is nothing to read has failed."""
    read = file_content(call, item["id"]) or b""
    if wrong := _unreadable(read, filename(call, item["id"])):
        return {**item, "status": "failed", "last_error": wrong}
    return {**item, "usage_bytes": len(read)}


@file_batches.on("vector_stores.file_batches.create")
def create_batch(call: Call) -> Answer:
    """Let a store process several files; each must exist."""
    body, store = call.body, call.params["vector_store_id"]
    _usable(call, store)
    same = {key: body.get(key) for key in ("attributes", "chunking_strategy")}
    orders = [{**same, "file_id": id_} for id_ in body.get("file_ids") or ()] + list(body.get("files") or ())
    members = _known(call, (order["file_id"] for order in orders))
    if ("file_ids" in body) == ("files" in body):
        message = "Mutually exclusive parameters: send either 'file_ids' or 'files', and exactly one of them."
        raise ApiError(400, message, param="files", code="mutually_exclusive_parameters")
    chunkings = [_chunking(order.get("chunking_strategy")) for order in orders]
    for order, chunking in zip(orders, chunkings, strict=True):
        _attach(call, store, order["file_id"], chunking, order.get("attributes"))
    made: Object = {
        "id": call.world.ids.hexadecimal("vsfb_", 32),
        "object": "vector_store.files_batch",
        "created_at": call.now,
        "vector_store_id": store,
        "status": "in_progress",
        "file_counts": dict.fromkeys((*_COUNTED, "total"), 0),
    }
    return _counted(call, call.create(made, beside={_MEMBERS: msgspec.json.encode(members)}))


@file_batches.on("vector_stores.file_batches.retrieve")
def retrieve_batch(call: Call) -> Answer:
    """A batch as it is by now."""
    call.collection(STORES).get(call.params["vector_store_id"])
    return _counted(call, call.item, polled=True)


@file_batches.on("vector_stores.file_batches.cancel")
def cancel_batch(call: Call) -> Answer:
    """Give up the files that are still on their way."""
    call.collection(STORES).get(call.params["vector_store_id"])
    batch = _counted(call, call.item)
    if batch["status"] != "in_progress":
        raise ApiError(400, f"Cannot cancel a file batch with status '{batch['status']}'.")
    files = call.collection(FILES)
    for id_ in _members(call, batch):
        item = files.find(id_)
        if item is not None and item["status"] == "in_progress":
            files.move(item, "cancelled", id_=id_)
    return call.collection().save({**_counted(call, batch), "status": "cancelled"})


@file_batches.on("vector_stores.file_batches.list_files")
def list_batch_files(call: Call) -> Answer:
    """The files of a batch that are in its store."""
    call.collection(STORES).get(call.params["vector_store_id"])
    members, wanted = {*_members(call, call.item)}, filters(call.query)
    return stored_page(
        call, call.collection(FILES), where=lambda item: item["id"] in members and (wanted is None or wanted(item))
    )


def _unreadable(content: bytes, name: str) -> Object | None:
    """Why a file cannot be searched, as `last_error` tells it; None where it can."""
    if kind(content) not in {None, "pdf"}:
        return {"code": "unsupported_file", "message": "The file type is not supported."}
    if not document_text(content, name).strip():
        return {"code": "invalid_file", "message": "The file has no text to search."}
    return None


def _usable(call: Call, id_: str) -> Object:
    """The store of that id, noted as used. Raises OpenAI's 404, or a 400 for one that has expired."""
    store = call.collection(STORES).get(id_)
    if is_expired(call, store):
        raise ApiError(400, f"Vector store with id '{id_}' has expired.", code="vector_store_expired")
    return used(call, store)


def _known(call: Call, ids: Iterable[str]) -> list[str]:
    """The ids, each once. Raises OpenAI's 404 for one that is no file's."""
    files = call.collection("files.retrieve")
    return [str(files.get(id_)["id"]) for id_ in dict.fromkeys(ids)]


def _chunking(asked: Mapping[str, Any] | None) -> Object:
    """The strategy as the file shows it. Raises the 400 for an overlap of more than half a passage."""
    static = (asked or {}).get("static") or {}
    size, overlap = static.get("max_chunk_size_tokens", CHUNK), static.get("chunk_overlap_tokens", OVERLAP)
    if overlap * 2 > size:
        message = f"Invalid 'chunk_overlap_tokens': {overlap} is more than half of 'max_chunk_size_tokens', {size}."
        raise ApiError(400, message, param="chunking_strategy.static.chunk_overlap_tokens", code="invalid_value")
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


def _attach(
    call: Call, store: str, file_id: str, chunking: Object, attributes: Mapping[str, Any] | None = None
) -> Object:
    """Put a file into a store, where it begins to be processed."""
    made: Object = {
        "id": file_id,
        "object": "vector_store.file",
        "created_at": call.now,
        "vector_store_id": store,
        "status": "in_progress",
        "usage_bytes": 0,
        "last_error": None,
        "attributes": attributes or {},
        "chunking_strategy": chunking,
    }
    return call.collection(FILES, vector_store_id=store).create(made, file_id)


def _shown(call: Call, store: Object, *, polled: bool = False) -> Object:
    """A store with what its files say. `polled` counts as a retrieve of those that are on their way."""
    files = call.collection(FILES, vector_store_id=store["id"])
    held = [item for _, item in files.page(limit=EVERY, order="asc").items]
    if polled:
        held = [_polled(files, item) for item in held]
    counts = _counts(item.get("status") for item in held)
    status = "expired" if is_expired(call, store) else "in_progress" if counts["in_progress"] else "completed"
    size = sum(item.get("usage_bytes") or 0 for item in held)
    return {**store, "file_counts": counts, "usage_bytes": size, "status": status}


def _polled(files: Collection, item: Object) -> Object:
    return (files.find(item["id"], polled=True) or item) if item.get("status") == "in_progress" else item


def _counted(call: Call, batch: Object, *, polled: bool = False) -> Object:
    """A batch with what its files say; a file that left the store counts as cancelled. One that nobody asked for, but
    that was there from the start, has no files and stays as it is.
    """
    members = _members(call, batch)
    if batch["status"] != "in_progress" or not members:
        return batch
    files = call.collection(FILES, vector_store_id=batch["vector_store_id"])
    found = [files.find(id_, polled=polled) for id_ in members]
    counts = _counts(item.get("status") if item else "cancelled" for item in found)
    status = "in_progress" if counts["in_progress"] else "completed"
    counted = {**batch, "file_counts": counts, "status": status}
    return counted if counts["in_progress"] else call.collection(_BATCHES).save(counted)


def _members(call: Call, batch: Object) -> list[str]:
    held = call.collection(_BATCHES).content(batch["id"], _MEMBERS)
    return msgspec.json.decode(held, type=list[str]) if held else []


def _counts(statuses: Iterable[str | None]) -> dict[str, int]:
    tally = Counter(statuses)
    return {**{name: tally[name] for name in _COUNTED}, "total": tally.total()}


def _pages(kind: str, data: list[Object], **more: Any) -> Object:
    return {"object": kind, **more, "data": data, "has_more": False, "next_page": None}
