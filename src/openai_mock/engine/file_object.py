"""The file object, which several resources make: uploads end as one, and batches write two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openai_mock.engine.store import CONTENT, Object

if TYPE_CHECKING:
    from openai_mock.engine.resource import Call

_FILES = "files.retrieve"
_BATCH_DAYS = 30
_ID_LETTERS = 22


def keep_file(
    call: Call,
    content: bytes,
    *,
    filename: str,
    purpose: str,
    expires_after: Mapping[str, Any] | None = None,
    now: int | None = None,
) -> Object:
    """Keep a file with its bytes in the call's session; the object, with every key that the API sends.

    `expires_after` is the request's own `{"anchor": "created_at", "seconds": ...}`; files for batches expire after
    thirty days where nothing else is asked. `now` is the Unix second of its creation.
    """
    created = call.now if now is None else now
    lasting = expires_after.get("seconds") if expires_after else None
    if lasting is None and purpose == "batch":
        lasting = _BATCH_DAYS * 86_400
    made: Object = {
        "object": "file",
        "id": call.world.ids.letters("file-", _ID_LETTERS),
        "purpose": purpose,
        "filename": filename,
        "bytes": len(content),
        "created_at": created,
        "expires_at": None if lasting is None else created + int(lasting),
        "status": "processed",
        "status_details": None,
    }
    return call.collection(_FILES).create(made, beside={CONTENT: content})


def file_content(call: Call, id_: str) -> bytes | None:
    """The bytes of a file in the call's session; None where there is no such file."""
    files = call.collection(_FILES)
    return None if files.find(id_) is None else files.content(id_) or b""
