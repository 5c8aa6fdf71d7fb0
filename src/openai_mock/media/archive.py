"""Zip archives: read with bounds, and written so that equal files give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can hold."""


class Archive:
    """The names of an archive's files and, one at a time, their bytes. Raises ValueError where it cannot be read."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = ZipFile(BytesIO(data))
        except Exception as error:  # noqa: BLE001 - what is broken may be broken in any way
            raise ValueError(f"The file is no zip archive that can be read: {error}.") from None
        self.sizes: Mapping[str, int] = {
            each.filename: each.file_size for each in self._zip.infolist() if _is_file(each.filename)
        }
        """How many bytes each file has once it is unpacked, by its path in the archive."""

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises ValueError where it is broken or encrypted."""
        try:
            with self._zip.open(name) as member:
                return member.read(self.sizes[name])
        except Exception as error:  # noqa: BLE001 - as above
            raise ValueError(f"'{name}' in the zip archive cannot be read: {error}.") from None


def is_archive(data: bytes) -> bool:
    """Whether bytes begin as a zip archive does."""
    return data.startswith(_SIGNATURES)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files, by path."""
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, _EPOCH), content, compress_type=ZIP_DEFLATED)
    return held.getvalue()


def _is_file(name: str) -> bool:
    """Directories are no files, and neither is what one operating system adds to archives."""
    return not name.endswith("/") and not name.startswith("__MACOSX/")
