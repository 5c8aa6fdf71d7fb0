"""Containers: where a model runs code; they hold files for as long as somebody uses them."""

from __future__ import annotations

from openai_mock.engine.answers import Answer, Raw
from openai_mock.engine.container_object import (
    CONTAINERS,
    FILES,
    copy_file,
    expires_at,
    keep_container,
    keep_container_file,
    use,
)  # fmt: skip
from openai_mock.engine.errors import ApiError
from openai_mock.engine.forms import FilePart
from openai_mock.engine.lifecycle import Lifecycle
from openai_mock.engine.pages import stored_page
from openai_mock.engine.resource import Call, Resource
from openai_mock.engine.store import Object

containers = Resource("container", keeps=CONTAINERS, lifecycle=Lifecycle(expiry="running -> expired", due=expires_at))
container_files = Resource("container file", keeps=FILES)


@containers.on("containers.create")
def create(call: Call) -> Answer:
    """A container, with copies of the files it begins with."""
    return keep_container(call, call.body, name=call.body["name"])


@containers.on("containers.retrieve")
def retrieve(call: Call) -> Answer:
    """A container as it is by now. To look at it is to use it, unless it has expired."""
    item = call.item
    return item if item["status"] == "expired" else use(call, call.id)


@containers.on("containers.delete")
def delete(call: Call) -> Answer:
    """Forget a container and its files. The API confirms it with a body, though the SDK does not read it."""
    return _deleted(call)


@containers.entering("expired")
def expired(call: Call, item: Object, _: int) -> Object:
    """What was in it is lost."""
    files = call.collection(FILES, container_id=item["id"])
    for id_, _item in call.store.list(files.path):
        files.delete(id_)
    return item


@container_files.on("containers.files.create")
def add_file(call: Call) -> Answer:
    """A file that is sent, or a copy of an uploaded one."""
    body, container = call.body, call.params["container_id"]
    sent, id_ = body.get("file"), body.get("file_id")
    if (sent is None) == (id_ is None):
        words = "Missing required parameter: 'file'." if sent is None else "Send either 'file' or 'file_id', not both."
        code = "missing_required_parameter" if sent is None else "mutually_exclusive_parameters"
        raise ApiError(400, words, param="file", code=code)
    use(call, container)
    if id_ is not None:
        return copy_file(call, container, id_)
    part = sent if isinstance(sent, FilePart) else FilePart("upload", "text/plain", str(sent).encode())
    return keep_container_file(call, container, part.content, filename=part.filename or "upload")


@container_files.on("containers.files.list")
def list_files(call: Call) -> Answer:
    """What is in the container."""
    use(call, call.params["container_id"])
    return stored_page(call)


@container_files.on("containers.files.retrieve")
def retrieve_file(call: Call) -> Answer:
    """One file of the container."""
    use(call, call.params["container_id"])
    return call.item


@container_files.on("containers.files.content.retrieve")
def content(call: Call) -> Answer:
    """The bytes as they were sent."""
    use(call, call.params["container_id"])
    return Raw(call.collection().content(call.item["id"]) or b"")


@container_files.on("containers.files.delete")
def delete_file(call: Call) -> Answer:
    """Take a file out of the container."""
    use(call, call.params["container_id"])
    return _deleted(call)


def _deleted(call: Call) -> Answer:
    item = call.item
    call.collection().delete(call.id)
    return {"id": call.id, "object": f"{item['object']}.deleted", "deleted": True}
