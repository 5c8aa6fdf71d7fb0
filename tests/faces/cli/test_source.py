"""Standard input is read when something was put there, and never holds up a start."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openai_mock.config.errors import ConfigErrors
from openai_mock.config.plan import Plan
from openai_mock.faces.cli import source
from openai_mock.faces.cli.options import ServeOptions
from openai_mock.faces.cli.source import Piped, check, piped, plan_for
from openai_mock.spec.operations import load

CONFIG = """\
apiKey: sk-from-file
port: 4000
responses:
  - id: hi
    messages:
      - {role: user, content: Hi}
      - {role: assistant, content: Hello}
"""


@pytest.fixture
def pipe():
    """The end to read from, as a descriptor, and the end to write to, as a file."""
    descriptors = os.pipe()
    with os.fdopen(descriptors[0], "rb") as reading, os.fdopen(descriptors[1], "wb", buffering=0) as writing:
        yield reading.fileno(), writing
        writing.close()
        # The thread that reads ends with the pipe; its descriptor must outlive it.
        for thread in threading.enumerate():
            if thread.name == "openai-mock stdin":
                thread.join(10)


def test_a_pipe_with_text_is_read_to_its_end(pipe):
    reading, writing = pipe
    text = bytes(range(256)) * 1000

    def write():
        with writing:
            rest = memoryview(text)
            while rest:
                rest = rest[writing.write(rest) :]

    with ThreadPoolExecutor(1) as writer:
        writer.submit(write)
        assert piped(reading, first=10) == Piped(text)


def test_a_pipe_that_ended_empty_is_no_configuration(pipe):
    pipe[1].close()
    assert piped(pipe[0], first=10) == Piped()


def test_an_open_pipe_with_nothing_in_it_is_ignored_and_told(pipe):
    found = piped(pipe[0], first=0.001)
    assert found.text == b""
    assert "--config -" in found.note


def test_a_pipe_that_stands_still_in_the_middle_is_an_error(pipe):
    pipe[1].write(b"apiKey: ")
    with pytest.raises(ConfigErrors, match=r"8 bytes came .* --config -"):
        piped(pipe[0], first=10, gap=0.001)


def test_a_file_is_read(tmp_path):
    file = tmp_path / "flows.yaml"
    file.write_text(CONFIG)
    with file.open() as stream:
        assert piped(stream.fileno()) == Piped(CONFIG.encode())


def test_nothing_else_is_read():
    with Path(os.devnull).open() as nothing:
        assert piped(nothing.fileno()) == Piped()
    assert piped(None) == Piped()
    assert piped(99_999) == Piped()


def test_a_named_file_wins_over_standard_input(tmp_path, monkeypatch):
    file = tmp_path / "flows.yaml"
    file.write_text(CONFIG)
    monkeypatch.setattr(source, "piped", lambda _: pytest.fail("nobody asked for standard input"))
    plan, note = plan_for(ServeOptions(config=str(file)))
    assert (plan.api_keys, plan.port, [script.id for script in plan.scripts], note) == (
        ("sk-from-file",),
        4000,
        ["hi"],
        "",
    )
    plan, _ = plan_for(ServeOptions(config=str(file), api_keys=("sk-option",)))
    assert plan.api_keys == ("sk-option",)


def test_piped_text_is_a_configuration_and_blanks_are_none(monkeypatch):
    monkeypatch.setattr(source, "piped", lambda _: Piped(b"\xef\xbb\xbf" + CONFIG.encode()))
    assert plan_for(ServeOptions())[0].port == 4000
    monkeypatch.setattr(source, "piped", lambda _: Piped(b" \n"))
    assert plan_for(ServeOptions())[0] == Plan()
    monkeypatch.setattr(source, "piped", lambda _: Piped(b"apiKey: \xff"))
    with pytest.raises(ConfigErrors, match="byte 8 is not UTF-8"):
        plan_for(ServeOptions())


def test_check(tmp_path):
    file = tmp_path / "flows.yaml"
    file.write_text(CONFIG)
    assert check(str(file), load()) == (False, f"{file}: ok, 1 flow")
    file.write_text(CONFIG.replace("content: Hi", "contents: Hi"))
    wrong, text = check(str(file), load())
    assert wrong
    assert text.startswith(f"{file}:6:22:")
    assert check(str(tmp_path / "none.yaml"), load())[0]
