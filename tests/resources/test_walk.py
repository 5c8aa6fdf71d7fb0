"""A random walk through files, uploads, vector stores, batches, threads and runs, in memory and in a file at once.

Whatever a client does, in whatever order: no answer is a 5xx, both stores answer the same bytes, lists page exactly,
what was deleted stays so, and an id that an object names is one that was given out.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from openai_mock.mock import OpenAIMock
from openai_mock.stores.sqlite import SQLite

LIFECYCLE = {
    "batches": "seconds=90",
    "vector_stores.files": "polls=1",
    "beta.threads.runs": "polls=2",
}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
TEXTS = ("The harbour is closed in winter.", "Bread rises in the oven.", "A ship needs a harbour and bread.", "")
LINE = {
    "custom_id": "a",
    "method": "POST",
    "url": "/v1/chat/completions",
    "body": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
}
UNKNOWN = "file-000000000000000000000000"
REFERENCES = ("file_id", "input_file_id", "output_file_id", "error_file_id", "vector_store_id", "thread_id", "run_id")
Json = Any


def has(*kinds: str) -> Callable[[Walk], bool]:
    """The precondition that there is something of each kind."""
    return lambda walk: all(walk.alive[kind] for kind in kinds)


class Walk(RuleBasedStateMachine):
    """What the walk knows: ids that are alive, by kind, and all that were ever given out."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.file = SQLite(Path(self.folder.name) / "state.db")
        self.mocks = [OpenAIMock(seed=7, lifecycle=LIFECYCLE, store=store) for store in (None, self.file)]
        self.clients = [
            httpx.Client(
                transport=mock.transport(httpx),
                base_url="https://api.openai.com/v1",
                headers={"authorization": "Bearer sk-test", "openai-beta": "assistants=v2"},
            )
            for mock in self.mocks
        ]
        self.alive: dict[str, dict[str, Any]] = {
            kind: {} for kind in ("files", "uploads", "vector_stores", "batches", "threads", "runs")
        }
        self.parts: dict[str, list[str]] = {}
        self.ever: set[str] = set()
        made = self.made("/assistants", {"model": "gpt-4o", "tools": [TOOL, {"type": "file_search"}]})
        self.assistant = made["id"]

    def teardown(self) -> None:
        if hasattr(self, "file"):
            for client in self.clients:
                client.close()
            self.file.close()
            self.folder.cleanup()

    # Asking

    def ask(self, method: str, path: str, **more: Any) -> tuple[int, Json]:
        """Ask both mocks the same; their one answer."""
        first, second = [client.request(method, path, **more) for client in self.clients]
        assert first.status_code < 500, (method, path, more, first.text)
        assert (first.status_code, first.content) == (second.status_code, second.content), (method, path, more)
        if first.headers.get("content-type") != "application/json":
            return first.status_code, first.content
        said = first.json()
        self.look(said)
        return first.status_code, said

    def look(self, said: Json) -> None:
        """Learn the ids that are given out; each id that is named must be one of them."""
        for each in objects(said):
            if isinstance(id_ := each.get("id"), str):
                self.ever.add(id_)
        for each in objects(said):
            for name in REFERENCES:
                id_ = each.get(name)
                if isinstance(id_, str) and id_ and "error" not in each:
                    self.known(id_)

    def known(self, id_: str) -> None:
        """An id that was given out, or that can be looked up now, as the files of a batch."""
        if id_ in self.ever or not id_.startswith("file-"):
            assert id_ in self.ever, f"{id_} dangles"
            return
        self.ever.add(id_)
        assert self.ask("GET", f"/files/{id_}")[0] == 200, f"{id_} dangles"
        self.alive["files"][id_] = None

    def made(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        status, said = self.ask("POST", path, json=dict(body))
        assert status == 200, said
        assert isinstance(said, dict)
        return said

    def one(self, data: st.DataObject, kind: str) -> str:
        return data.draw(st.sampled_from(sorted(self.alive[kind])))

    # Files

    @rule(text=st.sampled_from(TEXTS), purpose=st.sampled_from(["assistants", "batch", "user_data"]), old=st.booleans())
    def upload_file(self, text: str, purpose: str, *, old: bool) -> None:
        content = json.dumps(LINE).encode() if purpose == "batch" else text.encode()
        expiry = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"} if old else {}
        name = "lines.jsonl" if purpose == "batch" else "text.txt"
        status, said = self.ask("POST", "/files", files={"file": (name, content)}, data={"purpose": purpose, **expiry})
        assert (status, said["bytes"], said["purpose"]) == (200, len(content), purpose)
        self.alive["files"][said["id"]] = content, said.get("expires_at")

    @precondition(has("files"))
    @rule(data=st.data())
    def read_file(self, data: st.DataObject) -> None:
        id_ = self.one(data, "files")
        kept = self.alive["files"][id_]
        status, said = self.ask("GET", f"/files/{id_}/content")
        if self.gone(id_):
            assert status == 404
            del self.alive["files"][id_]
        else:
            assert status == 200
            assert kept is None or (said if isinstance(said, bytes) else json.dumps(said).encode()) == kept[0]

    @precondition(has("files"))
    @rule(data=st.data())
    def delete_file(self, data: st.DataObject) -> None:
        id_ = self.one(data, "files")
        status, _ = self.ask("DELETE", f"/files/{id_}")
        assert status == (404 if self.gone(id_) else 200)
        del self.alive["files"][id_]
        assert self.ask("GET", f"/files/{id_}")[0] == 404

    def gone(self, id_: str) -> bool:
        """Whether the time of a file is over."""
        kept = self.alive["files"][id_]
        return kept is not None and kept[1] is not None and kept[1] <= self.mocks[0].clock.now()

    @rule(limit=st.integers(1, 5), order=st.sampled_from(["asc", "desc"]))
    def list_files(self, limit: int, order: str) -> None:
        seen = {item["id"] for item in self.walked("/files", limit, order)}
        living = {id_ for id_ in self.alive["files"] if not self.gone(id_)}
        assert living <= seen
        for id_ in seen - living:  # written by a batch or an upload
            assert id_ in self.ever
            assert id_ not in self.alive["files"], f"{id_} has expired"

    # Uploads

    @rule(size=st.integers(0, 12))
    def begin_upload(self, size: int) -> None:
        body = {"bytes": size, "filename": "big.txt", "mime_type": "text/plain", "purpose": "assistants"}
        status, said = self.ask("POST", "/uploads", json=body)
        if status == 200:
            self.alive["uploads"][said["id"]] = size
            self.parts[said["id"]] = []

    @precondition(has("uploads"))
    @rule(data=st.data(), content=st.sampled_from([b"abcd", b"ef", b"0123456789"]))
    def add_part(self, data: st.DataObject, content: bytes) -> None:
        id_ = self.one(data, "uploads")
        status, said = self.ask("POST", f"/uploads/{id_}/parts", files={"data": ("part", content)})
        if status == 200:
            self.parts[id_].append(said["id"])

    @precondition(has("uploads"))
    @rule(data=st.data(), cancel=st.booleans())
    def end_upload(self, data: st.DataObject, *, cancel: bool) -> None:
        id_ = self.one(data, "uploads")
        if cancel:
            self.ask("POST", f"/uploads/{id_}/cancel")
            return
        status, said = self.ask("POST", f"/uploads/{id_}/complete", json={"part_ids": self.parts[id_]})
        if status == 200:
            assert said["file"]["bytes"] == self.alive["uploads"][id_]
            self.alive["files"].setdefault(said["file"]["id"], None)

    # Vector stores

    @rule(data=st.data(), missing=st.booleans())
    def make_store(self, data: st.DataObject, *, missing: bool) -> None:
        known = sorted(self.alive["files"])
        ids = data.draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        status, said = self.ask("POST", "/vector_stores", json={"file_ids": [*ids, UNKNOWN] if missing else ids})
        if status == 200:
            assert said["file_counts"]["total"] == len(ids)
            self.alive["vector_stores"][said["id"]] = None
        else:
            assert missing or any(self.gone(id_) for id_ in ids)

    @precondition(has("vector_stores", "files"))
    @rule(data=st.data(), batch=st.booleans())
    def attach(self, data: st.DataObject, *, batch: bool) -> None:
        store, file = self.one(data, "vector_stores"), self.one(data, "files")
        if not batch:
            self.ask("POST", f"/vector_stores/{store}/files", json={"file_id": file})
            return
        status, said = self.ask("POST", f"/vector_stores/{store}/file_batches", json={"file_ids": [file]})
        if status == 200:
            self.ask("GET", f"/vector_stores/{store}/file_batches/{said['id']}")
            self.walked(f"/vector_stores/{store}/file_batches/{said['id']}/files", 2, "asc")

    @precondition(has("vector_stores", "files"))
    @rule(data=st.data())
    def detach(self, data: st.DataObject) -> None:
        store, file = self.one(data, "vector_stores"), self.one(data, "files")
        self.ask("DELETE", f"/vector_stores/{store}/files/{file}")
        assert self.ask("GET", f"/vector_stores/{store}/files/{file}")[0] == 404

    @precondition(has("vector_stores"))
    @rule(data=st.data(), limit=st.integers(1, 3), order=st.sampled_from(["asc", "desc"]))
    def look_into_store(self, data: st.DataObject, limit: int, order: str) -> None:
        store = self.one(data, "vector_stores")
        inside = self.walked(f"/vector_stores/{store}/files", limit, order)
        for item in inside:
            assert self.ask("GET", f"/files/{item['id']}")[0] == 200, f"{item['id']} dangles"
        status, said = self.ask("GET", f"/vector_stores/{store}")
        assert status == 200
        assert said["file_counts"]["total"] == len(inside)
        found = self.made(f"/vector_stores/{store}/search", {"query": "harbour"})["data"]
        assert {item["file_id"] for item in found} <= {item["id"] for item in inside}

    @precondition(has("vector_stores"))
    @rule(data=st.data())
    def delete_store(self, data: st.DataObject) -> None:
        store = self.one(data, "vector_stores")
        del self.alive["vector_stores"][store]
        assert self.ask("DELETE", f"/vector_stores/{store}")[0] == 200
        assert self.ask("GET", f"/vector_stores/{store}/files")[0] == 404

    # Batches

    @precondition(has("files"))
    @rule(data=st.data())
    def make_batch(self, data: st.DataObject) -> None:
        order = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
        status, said = self.ask("POST", "/batches", json={**order, "input_file_id": self.one(data, "files")})
        if status == 200:
            self.alive["batches"][said["id"]] = None

    @precondition(has("batches"))
    @rule(data=st.data(), cancel=st.booleans())
    def look_at_batch(self, data: st.DataObject, *, cancel: bool) -> None:
        id_ = self.one(data, "batches")
        if cancel:
            self.ask("POST", f"/batches/{id_}/cancel")
        status, said = self.ask("GET", f"/batches/{id_}")
        counts = said["request_counts"]
        assert status == 200
        assert counts["completed"] + counts["failed"] <= counts["total"]
        if said["status"] == "completed":
            assert said["output_file_id"] or said["error_file_id"]

    @rule(limit=st.integers(1, 3))
    def list_batches(self, limit: int) -> None:
        seen = [item["id"] for item in self.walked("/batches", limit, "")]
        assert sorted(seen) == sorted(self.alive["batches"])

    # Threads and runs

    @rule(text=st.sampled_from(TEXTS[:3]))
    def make_thread(self, text: str) -> None:
        said = self.made("/threads", {"messages": [{"role": "user", "content": text}]})
        self.alive["threads"][said["id"]] = None

    @precondition(has("threads"))
    @rule(data=st.data(), text=st.sampled_from(TEXTS[:3]))
    def say(self, data: st.DataObject, text: str) -> None:
        thread = self.one(data, "threads")
        self.ask("POST", f"/threads/{thread}/messages", json={"role": "user", "content": text})

    @precondition(has("threads"))
    @rule(data=st.data(), force=st.booleans())
    def run(self, data: st.DataObject, *, force: bool) -> None:
        thread = self.one(data, "threads")
        body = {"assistant_id": self.assistant, "tool_choice": "required" if force else "auto"}
        status, said = self.ask("POST", f"/threads/{thread}/runs", json=body)
        if status == 200:
            self.alive["runs"][said["id"]] = thread

    @precondition(has("runs"))
    @rule(data=st.data(), act=st.sampled_from(["look", "cancel", "submit", "submit"]))
    def go_on(self, data: st.DataObject, act: str) -> None:
        id_ = self.one(data, "runs")
        path = f"/threads/{self.alive['runs'][id_]}/runs/{id_}"
        status, said = self.ask("GET", path)
        assert status == 200
        if act == "cancel":
            self.ask("POST", f"{path}/cancel")
        elif act == "submit" and (needed := said.get("required_action")):
            calls = needed["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": "seen"} for call in calls]
            self.ask("POST", f"{path}/submit_tool_outputs", json={"tool_outputs": outputs})
        self.walked(f"{path}/steps", 1, "asc")

    @precondition(has("threads"))
    @rule(data=st.data(), limit=st.integers(1, 3), order=st.sampled_from(["asc", "desc"]))
    def read_thread(self, data: st.DataObject, limit: int, order: str) -> None:
        thread = self.one(data, "threads")
        self.walked(f"/threads/{thread}/messages", limit, order)
        runs = {item["id"] for item in self.walked(f"/threads/{thread}/runs", limit, order)}
        assert runs == {id_ for id_, owner in self.alive["runs"].items() if owner == thread}

    @precondition(has("threads"))
    @rule(data=st.data())
    def delete_thread(self, data: st.DataObject) -> None:
        thread = self.one(data, "threads")
        del self.alive["threads"][thread]
        assert self.ask("DELETE", f"/threads/{thread}")[0] == 200
        for id_, owner in list(self.alive["runs"].items()):
            if owner == thread:
                del self.alive["runs"][id_]
                assert self.ask("GET", f"/threads/{thread}/runs/{id_}")[0] == 404

    # Time and lists

    @rule(seconds=st.sampled_from([30, 120, 700, 3_700, 90_000]))
    def wait(self, seconds: int) -> None:
        for mock in self.mocks:
            mock.clock.advance(seconds=seconds)

    def walked(self, path: str, limit: int, order: str) -> list[dict[str, Any]]:
        """All objects of a list, page by page: no page but the last is short, and `has_more` is exact."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": limit, **({"order": order} if order else {})}
        while True:
            status, page = self.ask("GET", path, params=query)
            assert status == 200, page
            found += page["data"]
            if page["data"]:
                assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
            if not page["has_more"]:
                break
            assert len(page["data"]) == limit, "a short page that says there is more"
            query["after"] = page["last_id"]
            assert self.ask("GET", path, params=query)[1]["data"], "an empty page that was announced"
        ids = [item["id"] for item in found]
        assert len(ids) == len(set(ids))
        return found


def objects(said: Json) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value."""
    if isinstance(said, dict):
        yield said
        for value in said.values():
            yield from objects(value)
    elif isinstance(said, list):
        for value in said:
            yield from objects(value)


Walk.TestCase.settings = settings(
    max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWalk = Walk.TestCase
