"""Catalogues on the command line: documents that add operations, the user's own SDK, and what differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from openai_mock.faces.catalogue.errors import CatalogueError
from openai_mock.faces.cli.commands import openai_mock
from openai_mock.faces.cli.operations import catalogue_for
from openai_mock.mock import OpenAIMock
from openai_mock.wire import Data, Request

SPEC = """
openapi: 3.1.0
info: {title: Another, version: "1"}
paths:
  /v1/rerank:
    post:
      operationId: rerank
      tags: [rerank]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [query]
              properties: {query: {type: string}, top_n: {type: integer, minimum: 1}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                required: [id, query]
                properties: {id: {type: string}, query: {type: string}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "another.yaml"
    file.write_text(SPEC)
    return file


def ask(mock: OpenAIMock, body: object) -> dict[str, object]:
    headers = {"authorization": "Bearer k", "content-type": "application/json"}
    steps = list(mock.handle(Request("POST", "/v1/rerank", "", headers, json.dumps(body).encode())))
    answer: dict[str, object] = json.loads(b"".join(step.chunk for step in steps if isinstance(step, Data)))
    return answer


def test_a_document_adds_an_operation_that_answers_and_checks(spec: Path) -> None:
    mock = OpenAIMock(catalogue=catalogue_for("packaged", [str(spec)]), seed=1)
    assert ask(mock, {"query": "cats"})["query"] == "cats"
    assert ask(mock, {"query": "cats", "top_n": 0})["error"]
    assert len(mock.coverage()) == 389


def test_routes_shows_it(spec: Path) -> None:
    done = CliRunner().invoke(openai_mock, ["routes", "rerank", "--spec", str(spec)])
    assert done.exit_code == 0
    assert done.output.split()[:2] == ["POST", "/rerank"]


def test_mistakes_are_sentences_with_a_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("openapi: 3.1.0\npaths: 5\n")
    done = CliRunner().invoke(openai_mock, ["routes", "--spec", str(bad)])
    assert done.exit_code == 2
    assert "bad.yaml:2:8: /paths: " in done.stderr
    with pytest.raises(CatalogueError, match="cannot be read"):
        catalogue_for(str(tmp_path / "none.json.gz"), [])


def test_refresh_and_diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    made = CliRunner().invoke(openai_mock, ["catalog", "refresh"])
    assert made.exit_code == 0, made.output
    assert Path(made.output.splitlines()[0]).is_file()
    same = CliRunner().invoke(openai_mock, ["catalog", "diff"])
    assert same.exit_code == 0
    assert same.output.startswith("No operation differs")
