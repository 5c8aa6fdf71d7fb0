"""What of the network is answered: OpenAI's addresses by the mock, others as a test says, the rest by no one.

Theory. While the router is active, one interception catches OpenAI and blocks everything else; each URL that a test
adds is an interception of its own, which goes first. A transport sees one client only, and decides by the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

from openai_mock import NetworkBlocked, SentRequest
from openai_mock import OpenAIMock as Native
from openai_mock.doors.addresses import DEFAULT_BASE_URLS, Place, addresses, allowed
from openai_mock.doors.drive import Timer
from openai_mock.doors.escape import escaping
from openai_mock.doors.httpx import transport
from openai_mock.doors.patch import Interception, intercept
from openai_mock.engine.sessions import HEADER
from openai_mock.library.foreign import raised_as, sent
from openai_mock.wire import Ask, Exchange, Head, Request
from openai_responses.calls import Call, Calls, sent_request, translated
from openai_responses.forms import parameters
from openai_responses.routes import response
from openai_responses.sdk import client_library

_ADVICE = (
    "To answer it, write openai_mock.router.{method}(url={url!r}).respond(...); "
    "to let it pass, end with .pass_through()."
)


class OtherRoute:
    """Requests to a URL that is not OpenAI's, and what answers them; an empty 200 until a test says more."""

    def __init__(self, method: str, url: str, passing: Callable[[OtherRoute], None]) -> None:
        parts = urlsplit(url)
        self.method, self.url = method, f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._query, self._passing = dict(parse_qsl(parts.query)), passing
        self._answers: list[Any] = []
        self._calls: list[Call] = []

    def fits(self, request: Request) -> bool:
        """Whether a request to this URL is this route's."""
        query = dict(parse_qsl(request.query))
        return self.method in ("", request.method) and all(query.get(key) == each for key, each in self._query.items())

    def mock(self, return_value: Any = None, *, side_effect: Any = None) -> Self:
        """Answer with a response, or with what a function, an exception or a list of them gives."""
        given = return_value if side_effect is None else side_effect
        self._answers = list(given) if isinstance(given, list | tuple) else [given]
        return self

    def respond(self, status_code: int = 200, **body: Any) -> Self:
        """Answer with a response made of `json`, `text`, `html` or `content`, and `headers`."""
        return self.mock(response(status_code, **body))

    def pass_through(self) -> Self:
        """Let requests to this host reach the network."""
        self._passing(self)
        return self

    @property
    def calls(self) -> Calls:
        """The calls, oldest first."""
        return Calls(self.url, lambda: tuple(self._calls), lambda: len(self._calls))

    @property
    def called(self) -> bool:
        """Whether there was a call."""
        return bool(self._calls)

    @property
    def call_count(self) -> int:
        """How many calls there were."""
        return len(self._calls)

    def answer(self, request: Request) -> Exchange:
        """The exchange of a request to this URL."""
        asked = SentRequest(request)
        sent_as = sent_request(asked.method, asked.url, asked.headers, asked.content)
        given = self._answers[min(len(self._calls), len(self._answers) - 1)] if self._answers else response()
        place = len(self._calls)
        self._calls.append(Call(sent_as, None))
        if callable(given) and not isinstance(given, type):
            takes = len([each for each in parameters(given) if each.default is each.empty])
            given = yield Ask(partial(given, *(sent_as, self)[:takes]))
        if isinstance(given, BaseException) or (isinstance(given, type) and issubclass(given, BaseException)):
            raise raised_as(given)
        given = response() if given is None else given
        self._calls[place] = Call(sent_as, given)
        status, headers, steps = sent(given)
        yield Head(status, headers)
        yield from steps

    def __repr__(self) -> str:
        return f"<OtherRoute {self.method or 'ANY'} {self.url}: called {len(self._calls)} times>"


class Router:
    """Answers every client of the process while it is entered; `handler` answers one client by its transport."""

    def __init__(self, native: Native, base_urls: Sequence[str], timer: Callable[[], Timer]) -> None:
        self._native, self._base_urls, self._timer = native, tuple(base_urls) or DEFAULT_BASE_URLS, timer
        self._addresses = addresses(self._base_urls)
        self._others: list[OtherRoute] = []
        self._passing: list[str] = []
        self._entered: dict[str, Interception] = {}
        self._depth = 0

    def __enter__(self) -> Self:
        self._depth += 1
        if self._depth == 1:
            self._enter("", intercept(
                self._openai, base_urls=self._base_urls, block_network=True, allow_hosts=self._passing,
                timer=self._timer(), advice=_ADVICE,
            ))  # fmt: skip
            for other in self._others:
                self._catch(other.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        while not self._depth and self._entered:
            self._entered.popitem()[1].__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def start(self) -> None:
        """Become active, until `stop`."""
        self.__enter__()

    def stop(self) -> None:
        """Be active no more."""
        self.__exit__(None, None, None)

    def route(self, method: str = "", url: str = "") -> OtherRoute:
        """A route for a URL, absolute or below the mock's own; `method` empty fits any. Raises ValueError for none."""
        whole = urljoin(f"{self._base_urls[0].rstrip('/')}/", url if "://" in url else url.lstrip("/"))
        addresses((whole.partition("?")[0],))
        other = OtherRoute(method.upper(), whole, self._pass)
        self._others.insert(0, other)
        if self._depth:
            self._catch(other.url)
        return other

    def get(self, url: str = "") -> OtherRoute:
        """A route for GET."""
        return self.route("GET", url)

    def post(self, url: str = "") -> OtherRoute:
        """A route for POST."""
        return self.route("POST", url)

    def put(self, url: str = "") -> OtherRoute:
        """A route for PUT."""
        return self.route("PUT", url)

    def patch(self, url: str = "") -> OtherRoute:
        """A route for PATCH."""
        return self.route("PATCH", url)

    def delete(self, url: str = "") -> OtherRoute:
        """A route for DELETE."""
        return self.route("DELETE", url)

    def head(self, url: str = "") -> OtherRoute:
        """A route for HEAD."""
        return self.route("HEAD", url)

    def options(self, url: str = "") -> OtherRoute:
        """A route for OPTIONS."""
        return self.route("OPTIONS", url)

    @property
    def calls(self) -> Calls:
        """Every call of an operation of OpenAI, oldest first."""
        return translated("The mock", self._native.calls)

    def handler(self, request: Any) -> Any:
        """The response to a request of the HTTP library, whole. `ext.httpx.MockTransport` makes a transport of it."""
        got = self.transport().handle_request(request)
        return client_library().Response(got.status_code, headers=got.headers, content=got.read(), request=request)

    def transport(self) -> Any:
        """A transport for the clients of the SDK's HTTP library, sync and async, streams and waits included."""
        return transport(client_library(), partial(escaping, self._anywhere), self._timer())

    def _enter(self, url: str, interception: Interception) -> None:
        interception.__enter__()
        self._entered[url] = interception

    def _catch(self, url: str) -> None:
        if url not in self._entered:
            self._enter(url, intercept(partial(self._at, url), base_urls=(url,), timer=self._timer()))

    def _pass(self, other: OtherRoute) -> None:
        self._passing.append(urlsplit(other.url).hostname or "")
        with suppress(ValueError):
            self._others.remove(other)
        if all(each.url != other.url for each in self._others) and other.url in self._entered:
            self._entered.pop(other.url).__exit__(None, None, None)

    def _at(self, url: str, request: Request) -> Exchange:
        """A request at or below a URL that a test added, with the part of its path behind the base."""
        place = _place(url)
        known = addresses((url,)).path_of(place) or ""
        path = place.path[: len(place.path) - len(known)] + request.path
        return self._anywhere(msgspec.structs.replace(request, path=path or "/"), scheme=place.scheme)

    def _anywhere(self, request: Request, *, scheme: str = "https") -> Exchange:
        """A request with its whole path. Raises NetworkBlocked where nothing answers its address."""
        host = request.headers.get("host", "")
        for other in self._others:
            at = urlsplit(other.url)
            if (at.netloc, at.path or "/") == (host, request.path or "/") and other.fits(request):
                return other.answer(request)
        places = (_place(f"{each}://{host}{request.path}") for each in (scheme, "http", "https"))
        path = next((path for place in places if (path := self._addresses.path_of(place)) is not None), None)
        if path is None:
            raise NetworkBlocked(self._unknown(request, f"{scheme}://{host}{request.path}"))
        return self._openai(msgspec.structs.replace(request, path=path))

    def _openai(self, request: Request) -> Exchange:
        """Whatever the key is: one state for all."""
        return self._native.handle(msgspec.structs.replace(request, headers={**request.headers, HEADER: ""}))

    def _unknown(self, request: Request, url: str) -> str:
        passed = allowed(urlsplit(url).hostname or "", self._passing)
        cannot = "A transport of one client cannot let it pass. " if passed else ""
        mocked = ", ".join(sorted({*self._base_urls, *(f"{each.method} {each.url}".strip() for each in self._others)}))
        return (
            f"{request.method} {url} is not mocked. Mocked are {mocked}. "
            f"{cannot}{_ADVICE.format(method=request.method.lower(), url=url)}"
        )

    def __iter__(self) -> Iterator[OtherRoute]:
        return iter(self._others)


def _place(url: str) -> Place:
    parts = urlsplit(url)
    return Place(parts.scheme, parts.hostname or "", parts.port, parts.path)
