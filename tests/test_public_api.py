"""The public names are a promise: few, sorted, documented, loaded lazily."""

from __future__ import annotations

import subprocess
import sys

import openai_mock


def test_names_are_sorted_few_and_documented() -> None:
    names = openai_mock.__all__
    assert list(names) == sorted(names)
    assert len(names) <= 22
    for name in names:
        value = getattr(openai_mock, name)
        assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(openai_mock, "Nothing")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, openai_mock; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"yaml", "tiktoken", "uvicorn", "jsonschema_rs", "httpx", "httpx2", "openai", "click"} & set(loaded)
