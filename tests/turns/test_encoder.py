"""An encoder changes from light to tiktoken once, at the right time, without changing a token."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from openai_mock.turns import encoder as module
from openai_mock.turns.encoder import Encoder, encoder
from openai_mock.turns.light import LONGEST

TEXT = "The weather in Lisbon, नमस्ते और 漢字!"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the encodings that were built."""
    done: list[str] = []
    build: Callable[[str], object] = module._tiktoken

    def counted(name: str) -> object:
        done.append(name)
        return build(name)

    monkeypatch.setattr(module, "_tiktoken", counted)
    return done


def test_a_little_text_builds_nothing(builds: list[str]) -> None:
    new = Encoder("o200k_base")
    for number in range(200):
        tokens = new.encode(f"{TEXT} {number}")
        assert b"".join(new.spell(tokens)).decode() == f"{TEXT} {number}"
    assert not builds


def test_building_keeps_the_tokens_and_their_spellings(builds: list[str]) -> None:
    new = Encoder("o200k_base")
    held_encode, held_spell = new.encode, new.spell
    tokens, spelled = held_encode(TEXT), held_spell(held_encode(TEXT))
    new.build()
    new.build()
    assert builds == ["o200k_base"]
    assert new.encode(TEXT) == held_encode(TEXT) == tokens
    assert new.spell(tokens) == held_spell(tokens) == spelled


@pytest.mark.parametrize(("patience", "lookup"), [(200, 0), (1_000, 100)], ids=["characters", "lookups"])
def test_much_text_builds_once(builds: list[str], monkeypatch: pytest.MonkeyPatch, patience: int, lookup: int) -> None:
    monkeypatch.setattr(module, "PATIENCE", patience)
    monkeypatch.setattr(module, "_LOOKUP", lookup)
    new = Encoder("cl100k_base")
    first = new.encode
    assert first("one") == new.encode("one")
    assert not builds
    for _ in range(20):
        first(TEXT)
    assert builds == ["cl100k_base"]
    assert new.encode is not first


@pytest.mark.parametrize("text", ["\u0378", "xq" * LONGEST])
def test_a_text_that_the_light_encoder_declines_builds(builds: list[str], text: str) -> None:
    new = Encoder("o200k_base")
    assert b"".join(new.spell(new.encode(text))).decode() == text
    assert builds == ["o200k_base"]


def test_tokens_from_elsewhere_are_spelled_and_what_is_no_token_is_an_error(builds: list[str]) -> None:
    new = Encoder("o200k_base")
    assert new.spell([13225]) == [b"Hello"]
    assert builds == ["o200k_base"]
    with pytest.raises(KeyError):
        new.spell([10**7])


def test_threads_may_encode_while_it_builds(builds: list[str]) -> None:
    new = Encoder("o200k_base")
    expected = new.encode(TEXT)
    wrong: list[list[int]] = []
    built = threading.Event()

    def encode_until_built() -> None:
        last = False
        while not last:
            last = built.is_set()
            tokens = new.encode(TEXT)
            if tokens != expected or b"".join(new.spell(tokens)).decode() != TEXT:
                wrong.append(tokens)

    threads = [threading.Thread(target=encode_until_built) for _ in range(3)]
    for thread in threads:
        thread.start()
    new.build()
    built.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert builds == ["o200k_base"]


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_an_allocator_that_keeps_its_memory_is_no_mistake(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def missing(_name: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", missing)
    new = Encoder("cl100k_base")
    new.build()
    assert new.encode("one") == encoder("cl100k_base").encode("one")


def test_counting_a_short_text_loads_neither_tiktoken_nor_regex() -> None:
    code = (
        "import sys; from openai_mock.turns.tokens import count; count('Hello, 漢字!', 'o200k_base');"
        "print(*{'tiktoken', 'regex', 'ctypes'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
