"""Resources load with the first call of their family, and nothing changes by that."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import threading

from openai_mock import resources
from openai_mock.engine.resource import Resource
from openai_mock.mock import OpenAIMock
from openai_mock.resources import FAMILIES, every, family_of, loaded
from openai_mock.wire import Data, Head, Request

LOADED = """
import json, sys
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Request
mock = OpenAIMock()
before = [name for name in sys.modules if name.startswith("openai_mock.resources.")]
body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'
list(mock.handle(Request("POST", "/v1/chat/completions", headers={"authorization": "Bearer sk-a"}, body=body)))
print(json.dumps([before, [name for name in sys.modules if name.startswith("openai_mock.resources.")]]))
"""
KEY = {"authorization": "Bearer sk-a"}


def test_a_mock_loads_what_its_calls_need():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    before, after = (set(names) for names in json.loads(done.stdout))
    few = {f"openai_mock.resources.{name}" for name in ("models", "moderations", "webhooks")}
    assert before <= few, "only what configurations need to be read"
    assert after - before == {"openai_mock.resources.chat", "openai_mock.resources.stored_chat"}


def test_a_resource_answers_one_family():
    for family in FAMILIES:
        for resource in loaded(family):
            names = [name for name in (*resource.handlers, *resource.meanings, resource.keeps) if name]
            both = {"live", "realtime"}  # one API under two names
            assert {family_of(name) for name in names} <= (both if family in both else {family}), resource.kind


def test_no_resource_is_forgotten():
    known = {id(each) for each in every()}
    for info in pkgutil.walk_packages(resources.__path__, "openai_mock.resources."):
        for name, value in vars(importlib.import_module(info.name)).items():
            assert not isinstance(value, Resource) or id(value) in known, f"{info.name}: {name}"


def test_coverage_knows_what_is_not_loaded_yet():
    answered = {each.operation: each.answered for each in OpenAIMock().coverage()}
    assert answered["chat.completions.create"] == answered["evals.runs.create"] == "resource"
    assert answered["admin.organization.users.retrieve"] == "memory"
    assert {each.answered for each in OpenAIMock(stateless=True).coverage() if each.operation == "files.delete"} == {
        "example"
    }


def test_first_calls_of_one_family_at_once_all_answer():
    mock, statuses = OpenAIMock(), []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        head, *chunks = mock.handle(Request("GET", "/v1/organization/projects", headers=KEY))
        assert isinstance(head, Head)
        statuses.append(
            (head.status, len(json.loads(b"".join(s.chunk for s in chunks if isinstance(s, Data)))["data"]))
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [(200, 1)] * 8
