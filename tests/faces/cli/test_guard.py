"""No defect of ours reaches a user as a traceback, unless the user asks for it."""

from __future__ import annotations

import click
import pytest

from openai_mock.faces.cli import main, main_api, serving
from openai_mock.faces.cli.guard import guarded


@click.command()
def broken():
    raise KeyError("the defect")


def test_a_defect_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["x"])
    monkeypatch.delenv("OPENAI_MOCK_DEBUG", raising=False)
    with pytest.raises(SystemExit) as left:
        guarded(broken, "openai-mock")
    told = capsys.readouterr().err
    assert left.value.code == 1
    assert "the defect" in told
    assert "OPENAI_MOCK_DEBUG=1" in told
    assert "Traceback" not in told


def test_with_debug_it_is_itself(monkeypatch):
    monkeypatch.setattr("sys.argv", ["x"])
    monkeypatch.setenv("OPENAI_MOCK_DEBUG", "1")
    with pytest.raises(KeyError):
        guarded(broken, "openai-mock")


@pytest.mark.parametrize("entry", [main, main_api])
def test_an_interrupted_start_is_told_by_its_exit_code_alone(monkeypatch, capsys, entry):
    def interrupted(_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.argv", ["x", "--port", "0"])
    monkeypatch.setattr(serving, "serve_until_stopped", interrupted)
    with pytest.raises(SystemExit) as left:
        entry()
    assert left.value.code == 130
    assert capsys.readouterr() == ("", "")
