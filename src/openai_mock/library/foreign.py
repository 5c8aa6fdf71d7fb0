"""Values of other libraries, known by their looks: models of the SDK, responses of HTTP clients, their exceptions."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from functools import partial
from typing import Any

from openai_mock.doors.escape import played
from openai_mock.wire import Ask, Data, Headers, Step

_FRAMING = frozenset({"transfer-encoding", "content-length", "content-encoding", "connection"})
_END = None


def is_response(value: Any) -> bool:
    """Whether this is a response of httpx, httpx2, requests or the like."""
    return (
        isinstance(getattr(value, "status_code", None), int)
        and isinstance(getattr(value, "headers", None), Mapping)
        and not isinstance(value, BaseException | type)
    )


def model_of(value: Any) -> dict[str, Any] | None:
    """A model of the SDK as JSON, without what was not set; None for anything else."""
    dump = getattr(value, "model_dump", None)
    if dump is None or isinstance(value, type):
        return None
    dumped: dict[str, Any] = dump(mode="json", by_alias=True, exclude_unset=True)
    return dumped


def plain(value: Any) -> Any:
    """A deep copy in plain JSON, with the models in it written out."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    dumped = model_of(value)
    return value if dumped is None else dumped


def sent(response: Any) -> tuple[int, Headers, Generator[Step, Any, None]]:
    """Status, headers and steps of a response object; a body that is still to be read is read as the client reads."""
    pairs = [(str(name).lower(), str(value)) for name, value in response.headers.items()]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in pairs if name not in _FRAMING]
    try:
        content: bytes | None = response.content
    except Exception:  # noqa: BLE001 - each client has its own way to say that the body was not read yet
        content = None
    if content is None:
        return response.status_code, headers, _streamed(response)
    return response.status_code, [*headers, (b"content-length", b"%d" % len(content))], _whole(content)


def _whole(content: bytes) -> Generator[Step, Any, None]:
    if content:
        yield Data(content)


def _streamed(response: Any) -> Generator[Step, Any, None]:
    """The chunks of a body, asked for one by one; the driver awaits those of an asynchronous one."""
    stream = getattr(response, "stream", response)
    if hasattr(stream, "__aiter__") and not hasattr(stream, "__iter__"):
        chunks = aiter(stream)
        ask: Any = partial(anext, chunks, _END)
    elif hasattr(stream, "__aiter__"):
        chunks = iter(response.iter_raw())
        ask = partial(next, chunks, _END)
    else:
        chunks = iter(stream)
        ask = partial(next, chunks, _END)
    while (chunk := (yield Ask(ask))) is not _END:
        if chunk:
            yield Data(bytes(chunk))


def raised_as(error: Any) -> BaseException:
    """The exception to raise in the client, where a class is instantiated.

    The SDK's own connection errors, Python's, and those that no client would raise stand for a broken connection: they
    become what the HTTP library of the SDK raises for one, with the given one as its cause.
    """
    raised: BaseException = _instance(error) if isinstance(error, type) else error
    known = isinstance(raised, Exception) and played(raised) and type(raised).__module__ != "builtins"
    if known or not isinstance(raised, Exception):
        return raised
    late = isinstance(raised, TimeoutError) or type(raised).__name__ == "APITimeoutError"
    library = _client_library()
    kind = (TimeoutError if late else ConnectionError) if library is None else _kind(library, late=late)
    broken = kind("The read operation timed out" if late else f"{type(raised).__name__}: {raised}")
    broken.__cause__ = raised
    return broken


def _kind(library: Any, *, late: bool) -> type[Exception]:
    kind: type[Exception] = library.ReadTimeout if late else library.ConnectError
    return kind


def _instance(kind: Any) -> Any:
    """An instance of an exception class, whatever it wants to be told."""
    for told in ({"request": None}, {}):
        try:
            return kind(**told)
        except TypeError:
            continue
    return kind("Raised by openai-mock.")


def _client_library() -> Any:
    """The HTTP library of the SDK that is imported: httpx up to its version 2, then httpx2."""
    client = getattr(sys.modules.get("openai"), "DefaultHttpxClient", object)
    roots = {kind.__module__.partition(".")[0] for kind in client.__mro__}
    return next((sys.modules[name] for name in ("httpx2", "httpx") if name in roots), None)
