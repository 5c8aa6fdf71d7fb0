"""A random walk over every operation, in memory and in a file at once: ids that were given out are used again.

Whatever a client does, in whatever order and with whatever bodies: nothing is raised, no answer is a 5xx, both stores
answer the same bytes, answers have their form, lists page exactly, and another session sees nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from jsonschema_rs import Draft202012Validator

from openai_mock.engine.sessions import HEADER
from openai_mock.mock import OpenAIMock
from openai_mock.spec.bounds import lay
from openai_mock.spec.example import Examples
from openai_mock.spec.operations import Operation, load
from openai_mock.stores.sqlite import SQLite
from openai_mock.wire import Data, Head, Request

CATALOGUE = load()
OPERATIONS = {
    name: each
    for name, each in CATALOGUE.operations.items()
    if each.response_kind != "events" and not name.startswith("webhooks.")  # endpoints are told of what happens
}
NOW, STEPS = 1_767_225_600, 2_000
STRANGE_IDS = ("a/b", "..", "../..", "%00", "é", "a b", "{x}", "x" * 3_000, "-1", "'", "\u202e", "%", "\ud800")
VALUES: tuple[Any, ...] = (
    None, None, None, True, 0, -1, 2**63, 10**30, 1e308, "", "é\u0000", "../x", "{{", "x" * 5_000, [], {}, [[]], [None],
    {"": None}, {"type": "x"}, ["a"] * 300, {"a": {"b": {"c": []}}}, [{}], [1, "a", None],
)  # fmt: skip
RAW = ("NaN", "1e999", '"\\ud800"', "[" * 200 + "]" * 200, "[" * 980 + "]" * 980)
FILES = (
    ("train.jsonl", b'{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n' * 12),
    ("items.jsonl", b'{"item": {"a": 1}, "sample": {}}\n'),
    ("odd.jsonl", b"\xff\xfe\n{}\n[]\nnull\n"),
    ("SKILL.md", b"---\nname: a\ndescription: b\n---\nText."),
    ("empty.zip", b"PK\x05\x06" + b"\0" * 18),
    ("said.wav", b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data\x08\0\0\0" + b"\0" * 8),
    ("nothing", b""),
)
UPLOADED = {"file", "files", "image", "data", "recording", "audio_sample", "video", "input_reference", "mask"}
OTHERWISE = re.compile(
    # what the API answers and the SDK's types do not have: purposes, states, null for no error, roles, an empty page
    r"files\.|fine_tuning\.jobs|fine_tuning\.alpha|evals\.runs|chat\.completions\.messages|completions\.create"
    r"|conversations\.items\.create|uploads\."
)


@cache
def examples(name: str) -> Examples:
    schema = CATALOGUE.bundle(OPERATIONS[name].body)
    lay(schema, name)
    return Examples(schema)


@cache
def judge(name: str) -> Draft202012Validator:
    return Draft202012Validator(CATALOGUE.bundle(OPERATIONS[name].response))


class Walk:
    """What the walk knows: the ids of each collection, by its path, and all that were given out lately."""

    def __init__(self, seed: int, folder: Path, **settings: Any) -> None:
        self.draw = Random(seed)
        self.file = SQLite(folder / "state.db")
        polls = {"fine_tuning.jobs": "polls=1", "evals.runs": "polls=1", "batches": "seconds=50"}
        self.mocks = [OpenAIMock(seed=seed, lifecycle=polls, store=store, **settings) for store in (None, self.file)]
        self.known: dict[str, list[str]] = {}
        self.pool: list[str] = []
        self.strict = True

    def step(self) -> None:
        """One request to any operation; things that destroy come less often."""
        operation = OPERATIONS[self.draw.choice(sorted(OPERATIONS))]
        if (operation.method == "DELETE" or "archive" in operation.name) and self.draw.random() < 0.7:
            return
        if self.draw.random() < 0.02:
            seconds = self.draw.choice([30, 3_600, 90_000])
            for mock in self.mocks:
                mock.clock.advance(seconds=seconds)
        place, path = self.path(operation)
        body, kind = self.body(operation)
        status, said = self.ask(operation, path, self.query(operation), body, kind)
        if status >= 300 or not isinstance(said, dict):
            return
        if self.strict and operation.response_kind in {"json", "page"} and not OTHERWISE.match(operation.name):
            judge(operation.name).validate(said)
        self.learn(place, operation, said)
        if self.strict and operation.page and operation.method == "GET" and self.draw.random() < 0.3:
            self.look_through(operation, path)

    def ask(
        self, operation: Operation, path: str, query: list[tuple[str, Any]], body: bytes = b"", kind: str = ""
    ) -> tuple[int, Any]:
        """Ask both mocks the same; their one answer."""
        headers = {"authorization": "Bearer sk-test", **({"content-type": kind} if kind else {})}
        if operation.beta:
            headers["openai-beta"] = operation.beta
        text = urlencode([*operation.marker.items(), *query], errors="surrogatepass")
        request = Request(operation.method, path, text, headers, body)
        (status, kind, answer), other = [answered(mock, request) for mock in self.mocks]
        where = operation.name, path[:200], text[:200], body[:1_000]
        assert (status, kind, answer) == other, where
        assert status < 500, (*where, answer)
        said = json.loads(answer) if kind == "application/json" else answer
        assert status < 400 or set(said["error"]) >= {"message", "type", "param", "code"}, where
        return status, said

    def path(self, operation: Operation) -> tuple[str, str]:
        """The path with ids in it, mostly some that were given out there: as it names the collection, and as sent."""
        place, sent = "", ""
        for part in operation.path.split("/")[1:]:
            name = part
            if part.startswith("{"):
                known = self.known.get(place, self.pool)
                strange = not known or self.draw.random() < 0.1
                name = self.draw.choice(STRANGE_IDS if strange else known[-6:])
            place += f"/{name}"
            sent += "/" + (quote(name.encode("utf-8", "surrogatepass"), safe="") if part.startswith("{") else part)
        return place, f"/v1{sent}"

    def query(self, operation: Operation) -> list[tuple[str, Any]]:
        schema = CATALOGUE.bundle(operation.query) if operation.query else {}
        named = schema.get("properties", {})
        query = [(name, NOW - 86_400) for name in schema.get("required", ())]
        if "limit" in named and self.draw.random() < 0.4:
            query.append(("limit", self.draw.choice([0, 1, 2, 100, -1, 10**20])))
        if "after" in named and self.pool and self.draw.random() < 0.2:
            query.append(("after", self.draw.choice(self.pool)))
        return query

    def body(self, operation: Operation) -> tuple[bytes, str]:
        """An example that names what there is, changed at up to three places, as JSON or as a form."""
        if not operation.body:
            return b"", ""
        made = examples(operation.name).make(seed=self.draw.randrange(4), now=NOW, plain=self.draw.random() < 0.3)
        made.pop("stream", None)
        if "model" in made:
            made["model"] = "gpt-4o"
        value = self.known_ids(self.recipe(operation.name) or made)
        for _ in range(self.draw.choice([0, 0, 0, 1, 1, 3])):
            self.change(value)
        if operation.body_kind == "multipart":
            return self.form(value), "multipart/form-data; boundary=bound"
        text = re.sub(r'"raw (\d)"', lambda found: RAW[int(found[1])], json.dumps(value))
        return text.encode(), "application/json"

    def recipe(self, name: str) -> dict[str, Any] | None:
        """A body that succeeds, where an example hardly does."""
        check = {"type": "string_check", "name": "a", "operation": "eq", "input": "{{item.a}}", "reference": "x"}
        custom = {"type": "custom", "item_schema": {"type": "object"}, "include_sample_schema": True}
        rows = {"type": "file_content", "content": [{"item": {"a": "x"}}, {"item": {}, "sample": {"output_text": "y"}}]}
        asked = {"type": "template", "template": [{"role": "user", "content": "Say {{item.a}}"}]}
        file = next((id_ for id_ in reversed(self.pool) if id_.startswith("file-")), "file-x")
        recipes: dict[str, dict[str, Any]] = {
            "files.create": {"purpose": self.draw.choice(["fine-tune", "evals", "assistants"]), "file": ""},
            "fine_tuning.jobs.create": {"model": "gpt-4o-mini-2024-07-18", "training_file": file},
            "evals.create": {"data_source_config": custom, "testing_criteria": [check]},
            "evals.runs.create": {
                "data_source": {"type": "completions", "source": rows, "model": "gpt-4o", "input_messages": asked}
            },
            "containers.create": {"name": "c"},
            "containers.files.create": {"file": ""},
            "skills.create": {"files": ""},
            "skills.versions.create": {"files": ""},
            "audio.voice_consents.create": {"name": "a", "language": "en", "recording": ""},
            "beta.threads.runs.create": {"assistant_id": "asst_x0x0x0x0x0x0x0"},
            "vector_stores.files.create": {"file_id": file},
        }
        return recipes.get(name) if self.draw.random() < 0.7 else None

    def known_ids(self, value: Any) -> Any:
        """The value with ids that were made up replaced by some that were given out, of the same kind."""
        if isinstance(value, dict):
            return {key: self.known_ids(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.known_ids(each) for each in value]
        kind = re.match(r"[a-z]+[-_](?=\w{10})", value) if isinstance(value, str) else None
        fitting = [id_ for id_ in self.pool if kind and id_.startswith(kind[0])]
        return self.draw.choice(fitting) if fitting else value

    def change(self, value: Any) -> None:
        """Drop, replace or add one value somewhere inside."""
        node, key = self.draw.choice([*places(value)] or [({"": ""}, "")])
        match self.draw.randrange(5):
            case 0:
                del node[key]
            case 1:
                node[key] = self.draw.choice(self.pool or ["x"])
            case 2:
                node[key] = f"raw {self.draw.randrange(len(RAW))}"
            case _:
                node[key] = deepcopy(self.draw.choice(VALUES))

    def form(self, value: dict[str, Any]) -> bytes:
        parts = b"".join(self.part(key, each) for key, each in value.items())
        return parts + b"--bound--\r\n"

    def part(self, name: str, value: Any) -> bytes:
        if isinstance(value, dict) and value:
            return b"".join(self.part(f"{name}[{key}]", each) for key, each in value.items())
        if isinstance(value, list) and value:
            return b"".join(self.part(f"{name}[]", each) for each in value)
        head, content = f'--bound\r\nContent-Disposition: form-data; name="{name}"', str(value).encode()
        if name.partition("[")[0] in UPLOADED or self.draw.random() < 0.05:
            filename, content = self.draw.choice(FILES)
            head += f'; filename="{filename}"'
        return head.encode() + b"\r\n\r\n" + content + b"\r\n"

    def learn(self, place: str, operation: Operation, said: dict[str, Any]) -> None:
        """Remember ids: of what was made, below its path, and any other."""
        listed = said.get("data") if isinstance(said.get("data"), list) else None
        for each in [said] if listed is None else listed[:20]:
            id_ = each.get("id") if isinstance(each, dict) else None
            if isinstance(id_, str) and id_ not in self.pool[-200:]:
                self.pool.append(id_)
                if operation.method == "POST" or listed is not None:
                    self.known.setdefault(place, []).append(id_)
        del self.pool[:-200]

    def look_through(self, operation: Operation, path: str) -> None:
        """The first forty of a list are the same in pages of any size, and the list ends where it says so."""
        if "after" not in (CATALOGUE.bundle(operation.query).get("properties", {}) if operation.query else {}):
            return
        found = [ids for size in (1, 7) if (ids := self.paged(operation, path, size)) is not None]
        assert not found or found[0] == found[-1], (operation.name, path)

    def paged(self, operation: Operation, path: str, size: int) -> list[Any] | None:
        found: list[Any] = []
        after: list[tuple[str, str]] = []
        while len(found) < 40:
            status, page = self.ask(operation, path, [("limit", size), *after])
            if status != 200:  # another call is needed for this list, or less at a time
                return None
            found += [each.get("id") for each in page["data"]]
            assert len(page["data"]) <= size
            if not page.get("has_more"):
                break
            assert page["data"], "an empty page that says there is more"
            after = [("after", page.get("last_id") or page.get("next") or page["data"][-1]["id"])]
        return found[:40]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place inside of a JSON value: what holds it, and the key or the number."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def answered(mock: OpenAIMock, request: Request) -> tuple[int, str, bytes]:
    """Status, content type and body of the answer."""
    status, kind, chunks = 0, "", list[bytes]()
    for step in mock.handle(request):
        if isinstance(step, Head):
            status, kind = step.status, dict(step.headers).get(b"content-type", b"").decode()
        elif isinstance(step, Data):
            chunks.append(step.chunk)
    return status, kind, b"".join(chunks)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_breaks_whatever_comes_after_what(seed: int, tmp_path: Path) -> None:
    walk = Walk(seed, tmp_path)
    try:
        for _ in range(STEPS):
            walk.step()
        assert len(walk.known) > 20, "the walk has come nowhere"
        untouched = OpenAIMock(seed=seed)
        untouched.clock.advance(seconds=walk.mocks[0].clock.now() - untouched.clock.now())
        for operation in (each for each in OPERATIONS.values() if each.page and "{" not in each.path):
            if operation.method == "GET" and not operation.name.startswith("admin."):
                request = Request("GET", f"/v1{operation.path}", urlencode(operation.marker), {HEADER: "another"}, b"")
                request.headers["authorization"] = "Bearer sk-test"
                assert answered(walk.mocks[0], request) == answered(untouched, request), operation.name
    finally:
        walk.file.close()


@pytest.mark.parametrize("settings", [{"lenient": True}, {"ids": "lenient"}, {"stateless": True}], ids=str)
def test_nothing_breaks_where_the_mock_is_lenient(settings: dict[str, Any], tmp_path: Path) -> None:
    walk = Walk(7, tmp_path, **settings)
    walk.strict = False
    try:
        for _ in range(STEPS // 2):
            walk.step()
    finally:
        walk.file.close()


@pytest.mark.parametrize("path", ["/v1/assistants", "/v1/chat/completions", "/v1/responses"])
def test_json_of_any_depth_is_answered(path: str) -> None:
    """There are depths at which a body can just be read, and not be kept."""
    mock = OpenAIMock(seed=1)
    for depth in (*range(100, 800, 100), *range(800, 1_000, 2)):
        status, _, answer = answered(mock, deep(path, depth))
        assert status in {200, 400}, answer


def deep(path: str, depth: int) -> Request:
    """A request for a tool whose parameters are so deep."""
    parameters = '{"type":"object","a":' + "[" * depth + "]" * depth + "}"
    tool = f'"function":{{"name":"f","parameters":{parameters}}}'
    said = {"/v1/assistants": "", "/v1/chat/completions": '"store":true,"messages":[{"role":"user","content":"a"}],'}
    sent = '"input":"a",'
    if path not in said:
        tool = f'"name":"f","parameters":{parameters}'
    body = f'{{"model":"gpt-4o",{said.get(path, sent)}"tools":[{{"type":"function",{tool}}}]}}'
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json", "openai-beta": "assistants=v2"}
    return Request("POST", path, "", headers, body.encode())
