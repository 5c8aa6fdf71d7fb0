"""Answers the default clients of httpx, httpx2, aiohttp and requests inside the process, without a line of user code.

Theory. Each client library has one method that every default client calls to send a request. While interceptions are
active, it is replaced by one that asks the board who answers; a library that is imported later is met at its import.
The patched classes belong to the whole process, so the board is the one value in this package that does, too.

Who answers: the innermost active interception of the caller's own context that catches the address, else the innermost
of the process. So threads and tasks that each enter their own do not see each other's, while a worker thread, which
enters none, is answered by whichever is active. The originals come back when the last interception leaves, in whatever
order and for whatever reason they leave.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial, wraps
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from openai_mock.doors.addresses import (
    DEFAULT_BASE_URLS,
    NAMED_BY_ENVIRONMENT,
    Addresses,
    Place,
    addresses,
    allowed,
)
from openai_mock.doors.drive import REAL, Timer
from openai_mock.doors.escape import NetworkBlocked, escaping
from openai_mock.wire import Exchange, Handle, Request

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType


class Caught(Struct, frozen=True):
    """A request that is answered here: by what, on whose time, and under which path the router knows it."""

    answer: Handle
    timer: Timer
    path: str


Find: TypeAlias = Callable[[str, Place], Caught | None]


class Interception:
    """Catches requests while it is entered, by `with` or `async with`; see `intercept`. It can be entered again."""

    def __init__(
        self,
        handle: Handle,
        base_urls: Sequence[str],
        *,
        block_network: bool,
        allow_hosts: Sequence[str],
        timer: Timer,
        advice: str,
    ) -> None:
        self.answer, self.timer, self.advice = partial(escaping, handle), timer, advice
        self.base_urls, self.block_network, self.allow_hosts = tuple(base_urls), block_network, allow_hosts
        self.addresses: Addresses = addresses(self.base_urls)

    def __enter__(self) -> None:
        self.addresses = addresses((*self.base_urls, *_environment()))
        _BOARD.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _BOARD.leave(self)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _BOARD.leave(self)


_ADVICE: Final = "To answer it, name its base URL in base_url; to let it pass, name its host in allow_hosts."


def intercept(
    handle: Handle,
    *,
    base_urls: Sequence[str] | None = None,
    block_network: bool = False,
    allow_hosts: Sequence[str] = (),
    timer: Timer = REAL,
    advice: str = _ADVICE,
) -> Interception:
    """Answer requests of default clients by `handle`, in every thread, while the result is entered.

    `base_urls` (left out, OpenAI's and Azure's own) are caught, and so are those that OPENAI_BASE_URL and
    AZURE_OPENAI_ENDPOINT name on entry; `*.` may stand for the first labels of a host. Other requests reach the
    network, or with `block_network` raise `NetworkBlocked`, unless `allow_hosts` names their host ("localhost",
    "*.internal.test"), and say the `advice`, in which `{method}` and `{url!r}` are the request's. Clients with a
    transport of their own are left alone. Raises ValueError for a base URL that is none.
    """
    caught = DEFAULT_BASE_URLS if base_urls is None else base_urls
    return Interception(
        handle, caught, block_network=block_network, allow_hosts=allow_hosts, timer=timer, advice=advice
    )


def _environment() -> tuple[str, ...]:
    """The base URLs that the SDK would take from the environment. Raises ValueError for one that is none."""
    named = [(name, url) for name in NAMED_BY_ENVIRONMENT if (url := os.environ.get(name))]
    for name, url in named:
        try:
            addresses((url,))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return tuple(url for _, url in named)


class _Patch(Struct, frozen=True):
    """One replaced method. `inherited` means that the class itself had none."""

    owner: Any
    name: str
    original: Any
    ours: Any
    inherited: bool

    def undo(self) -> None:
        """Put the original back, unless somebody else has replaced ours, who will put ours back some day."""
        if vars(self.owner).get(self.name) is self.ours:
            if self.inherited:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, self.original)


class _Board:
    """The active interceptions of the process, and what is patched for them."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.entered: tuple[Interception, ...] = ()
        self.patches: tuple[_Patch, ...] = ()
        self.imports = _Imports(self.adopt)

    def enter(self, interception: Interception) -> None:
        """Begin to answer by this one first."""
        with self.lock:
            if not self.entered:
                sys.meta_path.insert(0, self.imports)
                for name in _LIBRARIES:
                    if (module := sys.modules.get(name)) is not None:
                        self._patch(name, module)
            self.entered = (*self.entered, interception)
        _OWN.set((*self._own(), interception))

    def leave(self, interception: Interception) -> None:
        """Answer by it no more; after the last one nothing is patched."""
        with self.lock:
            self.entered = _without(self.entered, interception)
            if not self.entered:
                for patch in reversed(self.patches):
                    patch.undo()
                self.patches = ()
                sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self.imports]
        _OWN.set(self._own() if interception in self.entered else _without(self._own(), interception))

    def adopt(self, name: str, module: ModuleType) -> None:
        """Patch a library that has just been imported."""
        with self.lock:
            if self.entered:
                self._patch(name, module)

    def find(self, method: str, place: Place) -> Caught | None:
        """Who answers; None lets the request go to the network. Raises `NetworkBlocked`."""
        entered = self.entered
        if not entered:
            return None
        own = self._own()
        for interception in (*reversed(own), *reversed(entered)):
            path = interception.addresses.path_of(place)
            if path is not None:
                return Caught(interception.answer, interception.timer, path)
        mine = own or entered
        blocking = [one for one in mine if one.block_network and not allowed(place.host, one.allow_hosts)]
        if blocking:
            raise NetworkBlocked(_refusal(method, place, mine, blocking[-1].advice))
        return None

    def _own(self) -> tuple[Interception, ...]:
        """Those entered in the caller's context that are still active."""
        entered = self.entered
        return tuple(one for one in _OWN.get() if one in entered)

    def _patch(self, library: str, module: ModuleType) -> None:
        for path, name, make in _LIBRARIES[library]():
            owner: Any = module
            for part in path:
                owner = getattr(owner, part)
            original = getattr(owner, name)
            ours = make(module, self.find, original)
            patch = _Patch(owner, name, original, ours, name not in vars(owner))
            setattr(owner, name, ours)
            self.patches = (*self.patches, patch)


class _Imports:
    """A finder that finds nothing by itself: it has libraries patched as soon as they are imported."""

    def __init__(self, imported: Callable[[str, ModuleType], None]) -> None:
        self.imported = imported

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """What the other finders find, with a word to us once the module is loaded."""
        if name not in _LIBRARIES:
            return None
        for finder in list(sys.meta_path):
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                self._listen(name, spec)
                return spec
        return None

    def _listen(self, name: str, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            execute(module)
            if module.__name__ == name:
                self.imported(name, module)

        loader.exec_module = exec_module


def _without(entered: tuple[Interception, ...], interception: Interception) -> tuple[Interception, ...]:
    """The interceptions without the last entry of this one."""
    at = max((place for place, one in enumerate(entered) if one is interception), default=len(entered))
    return entered[:at] + entered[at + 1 :]


def _refusal(method: str, place: Place, mine: Iterable[Interception], advice: str) -> str:
    port = "" if place.port is None else f":{place.port}"
    url = f"{place.scheme}://{place.host}{port}{place.path}"
    mocked = sorted({url for one in mine for url in one.addresses.urls})
    return (
        f"{method} {url} would go to the network, which is blocked. Mocked are {', '.join(mocked) or 'no base URLs'}. "
        f"{advice.format(method=method.lower(), url=url)}"
    )


_Make: TypeAlias = "Callable[[ModuleType, Find, Callable[..., Any]], Callable[..., Any]]"
_Sites: TypeAlias = "Sequence[tuple[Sequence[str], str, _Make]]"


def _place(url: Any) -> Place:
    """Where a request of httpx goes."""
    path = url.raw_path.decode("ascii").partition("?")[0]
    return Place(url.scheme, url.raw_host.decode("ascii"), url.port, path)


def _exchange(hx: ModuleType, caught: Caught, request: Request) -> Exchange:
    """The exchange of a request under the path that the router knows; what breaks it breaks as in this library."""
    if request.path != caught.path:
        request = Request(request.method, caught.path, request.query, request.headers, request.body)
    try:
        yield from caught.answer(request)
    except Exception as error:  # noqa: BLE001 - it is raised again
        raise _as_own(hx, error) from error.__cause__


def _as_own(hx: ModuleType, error: Exception) -> Exception:
    """A played exception as this library has it: Python's own, or one of the sister library."""
    name = type(error).__name__
    if type(error).__module__.partition(".")[0] not in {"httpx", "httpx2"}:
        name = _BROKEN.get(name) or ("ReadTimeout" if "Timeout" in name else "ReadError")
    elif isinstance(error, getattr(hx, name, Exception)):
        return error
    own: Exception = getattr(hx, name)(str(error))
    return own


def _httpx(hx: ModuleType, find: Find, original: Callable[..., Any]) -> Callable[..., Any]:
    from openai_mock.doors.httpx import transport  # noqa: PLC0415 - a door loads when it is used

    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        caught = find(request.method, _place(request.url))
        if caught is None:
            return original(self, request)
        return transport(hx, partial(_exchange, hx, caught), caught.timer).handle_request(request)

    return handle_request


def _async_httpx(hx: ModuleType, find: Find, original: Callable[..., Any]) -> Callable[..., Any]:
    from openai_mock.doors.httpx import transport  # noqa: PLC0415 - a door loads when it is used

    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        caught = find(request.method, _place(request.url))
        if caught is None:
            return await original(self, request)
        return await transport(hx, partial(_exchange, hx, caught), caught.timer).handle_async_request(request)

    return handle_async_request


def _httpx_sites() -> _Sites:
    return (
        (("HTTPTransport",), "handle_request", _httpx),
        (("AsyncHTTPTransport",), "handle_async_request", _async_httpx),
    )


def _aiohttp_sites() -> _Sites:
    from openai_mock.doors.aiohttp import OWNER, replacement  # noqa: PLC0415 - a door loads when it is used

    return ((OWNER, "connect", replacement),)


def _requests_sites() -> _Sites:
    from openai_mock.doors.requests import OWNER, replacement  # noqa: PLC0415 - a door loads when it is used

    return ((OWNER, "send", replacement),)


_LIBRARIES: Final[Mapping[str, Callable[[], _Sites]]] = {
    "httpx": _httpx_sites,
    "httpx2": _httpx_sites,
    "aiohttp": _aiohttp_sites,
    "requests": _requests_sites,
}

_BROKEN: Final[Mapping[str, str]] = {
    "ConnectionRefusedError": "ConnectError",
    "gaierror": "ConnectError",
}
"""How Python's own exceptions of a connection are called by httpx; any other is a `ReadTimeout` or a `ReadError`."""

_OWN: Final[ContextVar[tuple[Interception, ...]]] = ContextVar("openai_mock_interceptions", default=())
_BOARD: Final = _Board()
