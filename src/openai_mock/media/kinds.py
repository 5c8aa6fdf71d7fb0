"""What a file is, told from its first bytes."""

from __future__ import annotations

_STARTS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"%PDF-": "pdf",
    b"ID3": "mp3",
}
_RIFF = {b"WEBP": "webp", b"WAVE": "wav"}
_NOT_FILMS = (b"avif", b"avis", b"heic", b"heix", b"heif", b"mif1", b"msf1", b"crx ")


def kind(data: bytes) -> str | None:
    """One of png, jpeg, gif, webp, wav, mp3, aac, flac, ogg, mp4, m4a, webm, pdf; None for anything else."""
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _of_brand(data[8:12])
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"webm" in data[:64] else None
    return frame_kind(data)


def _of_brand(brand: bytes) -> str | None:
    if brand in {b"M4A ", b"M4B "}:
        return "m4a"
    return None if brand in _NOT_FILMS else "mp4"


def frame_kind(data: bytes) -> str | None:
    """mp3 or aac, which have no signature but frames that begin with eleven or twelve ones; else None."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    if data[1] & 0xF6 == 0xF0:
        return "aac"
    layer_three = data[1] & 0x06 == 0x02 and data[1] & 0x18 != 0x08
    return "mp3" if layer_three and data[2] >> 4 not in {0, 15} and data[2] & 0x0C != 0x0C else None
