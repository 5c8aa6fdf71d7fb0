"""Catalogues are kept in the user's cache, found again, and chosen only when asked for."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from openai_mock.faces.catalogue import cache
from openai_mock.faces.catalogue.cache import CatalogueError, cache_folder, cached, chosen, read, refresh, version
from openai_mock.spec.operations import load, pack

DOCUMENT = {"sdk": "9.9.9", "operations": [{"name": "a.b", "method": "GET", "path": "/a"}], "schemas": {"S": {}}}
HOME = Path("/home/ada")


def keep(folder, *names):
    for name in names:
        (folder / name).write_bytes(pack(DOCUMENT))


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("linux", {}, "/home/ada/.cache/openai-mock"),
        ("linux", {"XDG_CACHE_HOME": "/var/c"}, "/var/c/openai-mock"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/ada/.cache/openai-mock"),
        ("darwin", {"XDG_CACHE_HOME": "/var/c"}, "/home/ada/Library/Caches/openai-mock"),
        ("win32", {"LOCALAPPDATA": "/L"}, "/L/openai-mock/Cache"),
        ("win32", {}, "/home/ada/AppData/Local/openai-mock/Cache"),
    ],
)
def test_the_folder_is_that_of_the_system(platform, env, expected):
    assert cache_folder(env, platform=platform, home=HOME).as_posix() == expected


def test_refresh_writes_what_the_installed_sdk_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "build", lambda: DOCUMENT)
    path = refresh(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "catalog-9.9.9.json.gz"
    assert read(path).operations.keys() == {"a.b"}
    assert refresh(path.parent) == path
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "build", lambda: DOCUMENT)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(CatalogueError, match="No space left on device"):
        refresh(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(CatalogueError, match="cannot be written"):
        refresh(tmp_path / "file")


def test_without_the_sdk_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CatalogueError, match="pip install openai"):
        refresh(tmp_path)


@pytest.mark.parametrize("error", [LookupError("path"), ImportError("no _types"), AttributeError("x")])
def test_an_unknown_sdk_is_a_sentence(tmp_path, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(cache, "build", fail)
    with pytest.raises(CatalogueError, match="written in a way that is not known here"):
        refresh(tmp_path)


def test_the_newest_that_is_newer_is_found(tmp_path):
    assert cached(tmp_path / "none") is None
    assert cached(tmp_path) is None
    keep(tmp_path, "catalog-3.9.0.json.gz", "catalog-3.10.0.json.gz", "catalog-x.json.gz", ".catalog-9.0.json.gz.t")
    assert cached(tmp_path, newer_than="3.9.5") == tmp_path / "catalog-3.10.0.json.gz"
    assert cached(tmp_path, newer_than="3.10.0") is None
    keep(tmp_path, f"catalog-{load().sdk}.json.gz")
    assert cached(tmp_path) is None
    keep(tmp_path, "catalog-99.0.0-beta.1.json.gz")
    assert cached(tmp_path) == tmp_path / "catalog-99.0.0-beta.1.json.gz"


def test_versions_are_compared_by_their_numbers():
    assert version("3.10.0") > version("3.9.1") > version("3.9") > version("none")


def test_a_catalogue_is_chosen_by_its_option(tmp_path):
    assert chosen() is load()
    with pytest.raises(CatalogueError, match="openai-mock catalog refresh"):
        chosen("cached", tmp_path)
    keep(tmp_path, "catalog-0.1.json.gz")
    assert chosen("cached", tmp_path).sdk == "9.9.9"
    assert chosen(str(tmp_path / "catalog-0.1.json.gz"), tmp_path).sdk == "9.9.9"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no gzip", "is not a catalogue of operations"),
        (b"", "is not a catalogue of operations"),
        (gzip.compress(b"{}"), "is not a catalogue of operations"),
        (pack(DOCUMENT)[:30], "is not a catalogue of operations"),
        (pack(DOCUMENT)[:100], "is damaged"),
        (gzip.compress(b'{"sdk":"1","operations":[],"schemas":') + b"x", "is damaged"),
        (gzip.compress(b'{"sdk":"1","operations":[],"schemas":') + gzip.compress(b"["), "is damaged"),
    ],
    ids=["text", "nothing", "no operations", "cut early", "cut late", "rubbish behind", "broken schemas"],
)
def test_what_is_no_catalogue_is_a_sentence(tmp_path, data, sentence):
    path = tmp_path / "catalog.json.gz"
    path.write_bytes(data)
    with pytest.raises(CatalogueError, match=sentence):
        read(path)
    with pytest.raises(CatalogueError, match="cannot be read"):
        read(tmp_path / "none")


def test_nothing_imports_the_sdk_before_it_is_read():
    program = (
        "import sys, openai_mock.faces.catalogue.openapi, openai_mock.faces.catalogue.cache, "
        "openai_mock.faces.catalogue.diff, openai_mock.faces.catalogue.adding; sys.exit('openai' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
