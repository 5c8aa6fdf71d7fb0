"""Zip archives: what is read from good and from broken ones, and that equal files give equal bytes."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.media.archive import Archive, is_archive, packed

FILES = st.dictionaries(
    st.text("abc/.", min_size=1, max_size=8).filter(lambda name: not name.endswith("/")), st.binary()
)


@given(files=FILES)
def test_what_is_packed_is_read(files: dict[str, bytes]) -> None:
    data = packed(files)
    archive = Archive(data)
    assert is_archive(data)
    assert data == packed(files)
    assert {name: archive.read(name) for name in archive.sizes} == files


@given(files=FILES, cut=st.integers(0, 200), changed=st.binary(max_size=4))
def test_a_broken_archive_is_a_value_error(files: dict[str, bytes], cut: int, changed: bytes) -> None:
    data = packed(files)
    broken = data[:cut] + changed + data[cut + len(changed) + 1 :]
    with suppress(ValueError):
        archive = Archive(broken)
        for name in archive.sizes:
            archive.read(name)


def test_directories_and_additions_are_no_files() -> None:
    held = BytesIO()
    with ZipFile(held, "w") as made:
        made.mkdir("a")
        made.writestr("a/b.txt", "b")
        made.writestr("__MACOSX/a/._b.txt", "x")
    assert Archive(held.getvalue()).sizes == {"a/b.txt": 1}


def test_what_is_no_archive() -> None:
    assert not is_archive(b"hello")
    with pytest.raises(ValueError, match="The file is no zip archive that can be read"):
        Archive(b"PK\x03\x04 and no more")
