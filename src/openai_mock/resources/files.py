"""Files: the bytes that were uploaded, exactly, until they expire or are deleted."""

from __future__ import annotations

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.file_object import keep_file
from openai_mock.engine.forms import FilePart
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.resource import Call, Resource

files = Resource("file", keeps="files.retrieve", lifecycle=Lifecycle(expiry="* -> gone"))


@files.on("files.create")
def create(call: Call) -> Answer:
    """Keep a file. One that is sent as plain text, without a name, is called `upload`."""
    sent, body = call.body["file"], call.body
    part = sent if isinstance(sent, FilePart) else FilePart("upload", "text/plain", str(sent).encode())
    return keep_file(
        call,
        part.content,
        filename=part.filename or "upload",
        purpose=body["purpose"],
        expires_after=body.get("expires_after"),
    )


@files.on("files.content")
def content(call: Call) -> Answer:
    """The bytes as they were sent."""
    return Raw(call.collection().content(call.item["id"]) or b"")
