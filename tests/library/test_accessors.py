"""The stub file that tells editors of the accessors is made from the catalogue, and hides nothing of the mock's own."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

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
