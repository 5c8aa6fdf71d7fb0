"""`--pace` on the command line: what is no pace is refused in a sentence, before anything starts."""

from __future__ import annotations

from click.testing import CliRunner

from openai_mock.faces.cli.commands import openai_mock


def test_what_is_no_pace() -> None:
    result = CliRunner().invoke(openai_mock, ["--pace", "gpt-4p"])
    assert result.exit_code == 2
    assert "there is no preset 'gpt-4p'; did you mean 'gpt-4'?" in result.output


def test_help_names_it() -> None:
    assert "--pace PACE" in CliRunner().invoke(openai_mock, ["serve", "--help"]).output
