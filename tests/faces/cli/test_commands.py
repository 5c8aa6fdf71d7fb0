"""The commands, run inside the process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from openai_mock import __version__
from openai_mock.engine.lifecycle import Policy
from openai_mock.faces.cli import serving
from openai_mock.faces.cli.commands import openai_mock, openai_mock_api
from openai_mock.faces.cli.options import DEFAULT_MAX_BODY, ServeOptions


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("CONFIG", "PORT", "HOST", "API_KEY", "VERBOSE", "QUIET", "LOG_FORMAT", "SEED", "WATCH", "MAX_BODY"):
        monkeypatch.delenv(f"OPENAI_MOCK_{name}", raising=False)


def run(*args, command=openai_mock, **more):
    return CliRunner().invoke(command, args, **more)


@pytest.fixture
def served(monkeypatch):
    """What `serve` was asked for, instead of serving."""
    seen = []

    def serve(options):
        seen.append(options)
        return 0

    monkeypatch.setattr(serving, "serve_until_stopped", serve)
    return seen


@pytest.mark.parametrize("first", [(), ("serve",)])
def test_serve_may_be_left_out(served, first):
    done = run(
        *first, "-c", "x.yaml", "--port", "0", "--api-key", "a", "--api-key", "b", "--seed", "7", "-v", "--watch"
    )
    assert done.exit_code == 0, done.output
    assert served == [
        ServeOptions(
            "x.yaml", 0, api_keys=("a", "b"), level="debug", as_json=True, seed=7, watch=True, max_body=DEFAULT_MAX_BODY
        )
    ]


def test_without_anything_it_serves(served):
    assert run().exit_code == 0
    assert served == [ServeOptions(as_json=True)]


def test_every_option_has_an_environment_variable(served):
    env = {
        "CONFIG": "y.yaml", "PORT": "1", "HOST": "0.0.0.0", "API_KEY": "a b", "QUIET": "1", "LOG_FORMAT": "text",
        "SEED": "2", "WATCH": "true", "MAX_BODY": "1kB", "SPEC": "a.yaml", "CATALOG": "cached",
        "ADMIN_KEY": "c", "IDS": "lenient", "STATELESS": "1", "LENIENT": "1",
        "LIFECYCLE": "seconds=30",
    }  # fmt: skip
    assert run(env={f"OPENAI_MOCK_{name}": value for name, value in env.items()}).exit_code == 0
    assert served == [
        ServeOptions(
            "y.yaml", 1, "0.0.0.0", ("a", "b"), ("c",), "off", as_json=False, seed=2, watch=True, max_body=1000,
            ids="lenient", stateless=True, lenient=True, specs=("a.yaml",), catalog="cached",
            lifecycle=Policy("seconds", 30),
        )
    ]  # fmt: skip
    text = run("--help").output
    assert all(f"OPENAI_MOCK_{name}" in text for name in [*env, "VERBOSE", "STATE"])


def test_a_file_to_remember_in(served):
    assert run(env={"OPENAI_MOCK_STATE": "mock.db"}).exit_code == 0
    assert run("--state", "mock.db").exit_code == 0
    assert served == [ServeOptions(as_json=True, state="mock.db")] * 2


@pytest.mark.parametrize(
    ("word", "size"),
    [
        ("1000", 1000),
        ("64MB", 64_000_000),
        ("512MiB", 512 << 20),
        ("1.5 k", 1500),
        ("2gb", 2_000_000_000),
        ("1Ki", 1024),
    ],
)
def test_sizes(served, word, size):
    assert run("--max-body", word).exit_code == 0
    assert served[0].max_body == size


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--max-body", "5x"], "'5x' is not a size. Write"),
        (["--max-body", "0"], "is not a size"),
        (["--api-key", " "], "must not be empty"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--prot", "1"], "--port"),
        (["-v", "-q"], "--verbose and --quiet contradict each other"),
        (["--lifecycle", "soon"], "'soon' is no lifecycle policy. Write instant, polls=2 or seconds=30."),
        (["--state", "x.db", "--stateless"], "--state and --stateless contradict each other. Choose one."),
        (["--stateless", "--state", "x.db"], "--state and --stateless contradict each other. Choose one."),
        (["rout"], "Did you mean 'routes'?"),
        (["xyz"], "There are: "),
        ([__file__], f"Did you mean --config {__file__}?"),
        (["validate"], "Missing argument"),
    ],
)
def test_mistakes_on_the_command_line(served, args, sentence):
    done = run(*args)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
    assert (done.stdout, served) == ("", [])


@pytest.mark.parametrize("args", [["--watch"], ["--watch", "-c", "-"]])
def test_there_must_be_a_file_to_watch(args):
    done = run(*args)
    assert done.exit_code == 2
    assert done.stderr.startswith("openai-mock: --watch needs a file")


def test_a_wrong_configuration_is_told_whole(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("port: x\nresponses:\n  - id: 1\n")
    done = run("--config", str(file))
    assert done.exit_code == 2
    assert done.stderr.count(f"{file}:") > 1
    assert "Traceback" not in done.stderr


def test_help_teaches():
    text = run("--help").output
    for words in ("Examples:", "default text", "--config", "Commands:", "Read on:", "12111"):
        assert words in text
    assert run("-h").output == text
    assert max(map(len, text.splitlines())) <= 80
    for command in ("serve", "validate", "schema", "routes"):
        assert run(command, "--help").exit_code == 0


def test_version():
    assert run("--version").output == f"openai-mock, version {__version__}\n"
    assert run("--version", command=openai_mock_api).output == f"openai-mock-api, version {__version__}\n"


@pytest.mark.parametrize(
    ("args", "level"), [((), "info"), (("-v",), "debug"), (("-l", "WARN"), "warn"), (("-l", "debug", "-v"), "debug")]
)
def test_the_alias_is_flat_and_has_levels(served, args, level):
    assert run("-c", "f", "-p", "5", *args, command=openai_mock_api).exit_code == 0
    assert served == [ServeOptions("f", 5, level=level, as_json=True)]


def test_levels_that_disagree():
    assert "contradict" in run("-l", "error", "-v", command=openai_mock_api).stderr


def test_validate(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(
        "responses:\n  - id: a\n    messages:\n      - {role: user, content: x}\n"
        "      - {role: assistant, content: y}\n"
    )
    bad.write_text("prot: 1\n")
    done = run("validate", str(good))
    assert (done.exit_code, done.stdout) == (0, f"{good}: ok, 1 flow\n")
    done = run("validate", str(bad), str(good), str(bad))
    assert done.exit_code == 2
    assert "ok" in done.stdout
    assert done.stderr.count(f"{bad}:1:1: prot:") == 2


def test_validate_looks_at_objects_too(tmp_path):
    file = tmp_path / "state.yaml"
    for text, told in (
        ("state:\n  filez: []\n", "2:10: state.filez: the API keeps no 'filez'"),
        ("state:\n  files: [{}, {id: 3}]\n", "2:15: state.files[1]: "),
        ("lifecycle: {filez: instant}\n", "lifecycle.filez: nothing of this name changes by itself"),
    ):
        file.write_text(text)
        done = run("validate", str(file))
        assert (done.exit_code, done.stdout) == (2, "")
        assert told in done.stderr
    file.write_text("state: {files: [{id: file-1}]}\n")
    assert run("validate", str(file)).exit_code == 0


def test_a_misspelt_variable_is_told(served, monkeypatch):
    monkeypatch.setenv("OPENAI_MOCK_PROT", "4000")
    monkeypatch.setenv("OPENAI_MOCK_OF_MY_OWN", "x")
    done = run()
    assert (done.exit_code, len(served)) == (0, 1)
    assert done.stderr == "openai-mock: there is no variable OPENAI_MOCK_PROT; did you mean OPENAI_MOCK_PORT?\n"


def test_a_configuration_in_place_of_a_command():
    done = run("flows.yaml")
    assert (done.exit_code, "Did you mean --config flows.yaml?" in done.stderr) == (2, True)


def test_an_option_without_the_one_it_belongs_to():
    for options, sentence in (
        (("--webhook-secret", "whsec_c2VjcmV0"), "--webhook-secret signs the events of --webhook: add --webhook URL"),
        (("--key", "key.pem"), "--key needs the certificate it belongs to: add --cert FILE"),
    ):
        done = run("--port", "0", *options)
        assert (done.exit_code, sentence in done.stderr) == (2, True)


def test_schema():
    text = run("schema").output
    assert text == (Path(__file__).parents[3] / "examples" / "openai-mock.schema.json").read_text("utf-8")
    read = json.loads(text)
    assert "responses" in json.dumps(read)
    assert "$schema" in read


def test_routes_adds_up_what_answers():
    assert "388 operations: " in run("routes", "--coverage").output
    counts = json.loads(run("routes", "--coverage", "--format", "json").output)["counts"]
    assert counts["operations"] == counts["resource"] + counts["memory"] + counts["example"]


def test_routes():
    text = run("routes", "completions.create").output
    assert any(
        line.split()[:4] == ["POST", "/chat/completions", "chat.completions.create", "resource"]
        for line in text.splitlines()
    )
    every = json.loads(run("routes", "--format", "json").output)
    models = {"method": "GET", "path": "/models", "operation": "models.list", "answered": "resource", "calls": 0}
    assert models in every
    assert len(every) > 300
    assert {route["answered"] for route in every} == {"resource", "memory", "example"}
    paths = [route["path"] for route in every]
    assert paths == sorted(paths)
    assert json.loads(run("routes", "DELETE /MODELS", "--format", "json").output) == [
        route for route in every if route["method"] == "DELETE" and route["path"].startswith("/models")
    ]


def test_routes_that_do_not_exist():
    done = run("routes", "chat.completions.crete")
    assert done.exit_code == 1
    assert "Did you mean chat.completions.create?" in done.stderr


def test_every_option_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "cli.md").read_text("utf-8")
    options = {name for option in openai_mock.commands["serve"].params for name in option.opts if name.startswith("--")}
    assert {name for name in options if f"`{name}" not in text and f", `{name}" not in text} == set()
