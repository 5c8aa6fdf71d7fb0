"""Keeps catalogues of the user's own SDK in the cache of the system, and chooses which catalogue a server uses."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from openai_mock.faces.catalogue import build
from openai_mock.faces.catalogue.errors import CatalogueError
from openai_mock.spec.operations import Catalogue, load, pack

PACKAGED: Final = "packaged"
CACHED: Final = "cached"
_NAME = re.compile(r"catalog-(\d+(?:\.\d+)*)[^/]*\.json\.gz")


def cache_folder(
    env: Mapping[str, str] | None = None, *, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Where this user's programs keep what they can make again. `env` is the process's environment unless given."""
    env = os.environ if env is None else env
    home = home or Path.home()
    if platform == "win32":
        local = env.get("LOCALAPPDATA", "")
        return (Path(local) if local else home / "AppData" / "Local") / "openai-mock" / "Cache"
    if platform == "darwin":
        return home / "Library" / "Caches" / "openai-mock"
    named = env.get("XDG_CACHE_HOME", "")
    # A relative path has no meaning there and is to be passed over.
    return (Path(named) if named.startswith("/") else home / ".cache") / "openai-mock"


def refresh(folder: Path | None = None) -> Path:
    """Build a catalogue from the installed `openai` package and keep it; its file.

    Whoever reads at the same time sees the old file or the new one. Raises `CatalogueError`.
    """
    folder = folder or cache_folder()
    if importlib.util.find_spec("openai") is None:
        raise CatalogueError("The package openai is not installed here; install it with `pip install openai`.")
    try:
        document = build()
    except Exception as error:
        raise CatalogueError(
            f"The installed openai is written in a way that is not known here ({error}); install another version of it."
        ) from error
    path = folder / f"catalog-{document['sdk']}.json.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, pack(document))
    except OSError as error:
        raise CatalogueError(
            f"{path} cannot be written ({error.strerror}); name a folder that can, with XDG_CACHE_HOME on Linux."
        ) from error
    return path


def cached(folder: Path | None = None, *, newer_than: str | None = None) -> Path | None:
    """The newest kept catalogue of an SDK newer than a version, by default the packaged one's; None without one."""
    folder = folder or cache_folder()
    least = version(load().sdk if newer_than is None else newer_than)
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return None
    found = [(version(match[1]), name) for name in names if (match := _NAME.fullmatch(name))]
    newest = max(found, default=None)
    return None if newest is None or newest[0] <= least else folder / newest[1]


def chosen(which: str = PACKAGED, folder: Path | None = None) -> Catalogue:
    """The catalogue that the option of a server names: `packaged`, `cached` or a file. Raises `CatalogueError`.

    Nothing is chosen unasked: the same command gives the same operations, whatever lies in the cache.
    """
    if which == PACKAGED:
        return load()
    path = cached(folder, newer_than="0") if which == CACHED else Path(which)
    if path is None:
        raise CatalogueError("There is no catalogue in the cache; make one with `openai-mock catalog refresh`.")
    return read(path)


def read(path: Path) -> Catalogue:
    """The catalogue in a file. Raises `CatalogueError`."""
    try:
        catalogue = load(path)
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read ({error.strerror}); check its path.") from error
    except ValueError as error:
        raise CatalogueError(str(error)) from error
    try:
        # The schemas stay packed until they are needed; a file that was cut off is told now.
        catalogue.definitions  # noqa: B018
    except (zlib.error, msgspec.DecodeError) as error:
        raise CatalogueError(f"{path} is damaged; make it again with `openai-mock catalog refresh`.") from error
    return catalogue


def version(text: str) -> tuple[int, ...]:
    """The numbers a version begins with: `3.51.0-beta` is (3, 51, 0)."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _write(path: Path, data: bytes) -> None:
    """Put a file in place as a whole."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
