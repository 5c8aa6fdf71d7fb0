"""The stub file that tells editors of the accessors is made from the catalogue, and hides nothing of the mock's own."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from openai_mock import OpenAIMock
from openai_mock.spec.operations import load

SCRIPT = Path(__file__).parents[2] / "scripts" / "accessors"


def test_the_stub_file_is_up_to_date() -> None:
    loader = SourceFileLoader("accessors_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("accessors_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    written = module.TARGET.read_text("utf-8")
    assert written == module.written(load().operations), "run scripts/accessors"


def test_no_name_of_the_sdk_is_one_of_the_mocks_own() -> None:
    mock = OpenAIMock()
    names = {operation.name.partition(".")[0] for operation in mock.catalogue.operations.values()}
    own = {*dir(OpenAIMock), *vars(mock)}
    assert not names & own


def test_a_resource_keeps_objects_by_its_own_name() -> None:
    mock = OpenAIMock(seed=1)
    file = mock.files.put(id="file-1", filename="a.txt", content=b"hello")
    assert (file["id"], file["bytes"], mock.objects("files")) == ("file-1", 5, [file])
    mock.vector_stores.put({"id": "vs_1"}, session="one")
    mock.vector_stores.files.put({"id": "file-1"}, vector_store_id="vs_1", session="one")
    assert [each["id"] for each in mock.objects("vector_stores.files", session="one", vector_store_id="vs_1")] == [
        "file-1"
    ]
    assert mock.objects("vector_stores") == []
    thread = mock.beta.threads.put()
    assert mock.objects("beta.threads") == [thread]
    assert "put" in dir(mock.files)
    with pytest.raises(ValueError, match="the API keeps no 'audio'"):
        mock.audio.put(id="x")
