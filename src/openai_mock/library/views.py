"""One call as a test looks at it: what was sent, what came back, and what was decided in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from openai_mock.engine.forms import read_form
from openai_mock.engine.journal import Entry
from openai_mock.spec.router import Found, Router
from openai_mock.wire import Request


class Headers(Mapping[str, str]):
    """Headers by name, whatever the case."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({dict(self._values)!r})"


class SentRequest:
    """A request as it was sent.

    `method` is upper case, `path` as sent, `query` the decoded parameters, `content` the bytes of the body.
    """

    def __init__(self, request: Request) -> None:
        self.method, self.path, self.content = request.method, request.path, request.body
        self.headers = Headers(request.headers)
        self.query = dict(parse_qsl(request.query, keep_blank_values=True))
        host = request.headers.get("host", "api.openai.com")
        self.url = f"https://{host}{request.path}" + (f"?{request.query}" if request.query else "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The decoded body. Raises ValueError where it is not JSON."""
        return msgspec.json.decode(self.content)

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the body, of JSON and of forms alike; empty where it has none."""
        try:
            if self.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form-urlencoded")):
                return read_form(self.content, self.headers["content-type"])
            decoded = self.json()
        except ValueError:
            return {}
        return decoded if isinstance(decoded, dict) else {}

    def __repr__(self) -> str:
        return f"<SentRequest {self.method} {self.url}>"


class GivenResponse:
    """A response as the client got it. `content` grows while a stream is being read."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self.status_code = entry.status
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in entry.headers]
        self.headers = Headers(dict(pairs))

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        return b"".join(self._entry.chunks)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The decoded body. Raises ValueError where it is not JSON."""
        return msgspec.json.decode(self.content)

    def events(self) -> list[Any]:
        """The data of each server-sent event, decoded; the end marker `[DONE]` stays text."""
        lines = (line[6:] for line in self.content.splitlines() if line.startswith(b"data: "))
        return ["[DONE]" if line == b"[DONE]" else msgspec.json.decode(line) for line in lines]

    def __repr__(self) -> str:
        return f"<GivenResponse {self.status_code}>"


class MadeCall:
    """One call: `request`, `response`, the `operation` it named and the `rule` that answered, None for none."""

    def __init__(self, entry: Entry, router: Router) -> None:
        self._entry, self._router = entry, router
        self.operation, self.rule, self.model = entry.operation, entry.rule, entry.model
        self.request = SentRequest(entry.request)

    @property
    def response(self) -> GivenResponse:
        """What the client got; its status is 0 while nothing was answered."""
        return GivenResponse(self._entry)

    @property
    def error(self) -> str | None:
        """The message of the error that the client got, or None."""
        return self._entry.error

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The parameters of the path by name."""
        sent = self._entry.request
        at = self._router.find(sent.method, sent.path, sent.headers, sent.query)
        return at.params if isinstance(at, Found) else {}

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """Everything that was sent by name: path parameters, query and body."""
        return {**self.params, **self.request.query, **self.request.fields}

    def __repr__(self) -> str:
        return f"<MadeCall {self.operation or self.request.path} {self._entry.status}>"
