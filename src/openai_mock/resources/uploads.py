"""Uploads: a large file in parts, put together when it is complete."""

from __future__ import annotations

from hashlib import md5

import msgspec

from openai_mock.engine.answers import Answer
from openai_mock.engine.errors import ApiError
from openai_mock.engine.file_object import keep_file
from openai_mock.engine.forms import FilePart
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import CONTENT, Object

_HOUR = 3600
_PARTS = "parts"
_REQUEST = "request"
"""The name of the bytes that hold what the upload's object does not show."""

uploads = Resource(
    "upload",
    keeps="uploads.create",
    lifecycle=Lifecycle(
        moves=("pending -> completed", "pending -> cancelled"),
        expiry="pending -> expired",
        refusal="Upload {id} has status '{status}' and cannot be {to}.",
    ),
)


@uploads.on("uploads.create")
def create(call: Call) -> Answer:
    """Begin an upload, which accepts parts for an hour."""
    body, now = call.body, call.now
    made: Object = {
        "id": call.world.ids.letters("upload_", 32),
        "object": "upload",
        "bytes": body["bytes"],
        "created_at": now,
        "filename": body["filename"],
        "purpose": body["purpose"],
        "status": "pending",
        "expires_at": now + _HOUR,
        "file": None,
    }
    return call.create(made, beside={_REQUEST: msgspec.json.encode(body.get("expires_after"))})


@uploads.on("uploads.parts.create")
def add_part(call: Call) -> Answer:
    """Keep one part; the order is told when the upload is completed."""
    upload, sent = call.item, call.body["data"]
    if upload["status"] != "pending":
        raise ApiError(400, f"Upload {call.id} has status '{upload['status']}' and takes no more parts.")
    made: Object = {
        "id": call.world.ids.letters("part_", 32),
        "object": "upload.part",
        "created_at": call.now,
        "upload_id": call.id,
    }
    content = sent.content if isinstance(sent, FilePart) else str(sent).encode()
    return call.collection().below(call.id, _PARTS).create(made, beside={CONTENT: content})


@uploads.on("uploads.complete")
def complete(call: Call) -> Answer:
    """Put the parts together in the order of their ids, check size and MD5, and keep the file."""
    upload, body = call.item, call.body
    if upload["status"] != "pending":
        return call.move(upload, "completed")
    content = b"".join([_part(call, id_) for id_ in body["part_ids"]])
    if len(content) != upload["bytes"]:
        raise ApiError(
            400, f"The parts have {len(content)} bytes together, but the upload was created for {upload['bytes']}."
        )
    wanted = body.get("md5")
    if wanted and md5(content, usedforsecurity=False).hexdigest() != wanted.lower():
        raise ApiError(400, "The MD5 checksum of the parts is not the one that was sent.", param="md5")
    expires_after = msgspec.json.decode(call.collection().content(call.id, _REQUEST) or b"null")
    file = keep_file(call, content, filename=upload["filename"], purpose=upload["purpose"], expires_after=expires_after)
    done = call.move(upload, "completed", file=file)
    _forget_parts(call)
    return done


@uploads.on("uploads.cancel")
def cancel(call: Call) -> Answer:
    """Give an upload up; its parts are forgotten."""
    cancelled = call.move(call.item, "cancelled")
    _forget_parts(call)
    return cancelled


def _part(call: Call, id_: str) -> bytes:
    content = call.collection().below(call.id, _PARTS).content(id_)
    if content is None:
        raise ApiError(404, f"No such part: {id_}", param="part_ids")
    return content


def _forget_parts(call: Call) -> None:
    parts = call.collection().below(call.id, _PARTS)
    for id_, _ in call.store.list(parts.path):
        parts.delete(id_)
