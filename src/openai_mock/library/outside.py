"""Exchanges for clients in other processes, and under base URLs of their own."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from openai_mock.doors.addresses import addresses
from openai_mock.doors.escape import Escape, escaping
from openai_mock.engine.errors import server_error
from openai_mock.engine.headers import JSON
from openai_mock.wire import Cut, Data, Exchange, Handle, Head, Request

_log = logging.getLogger("openai_mock")


def outside(handle: Handle, request: Request) -> Exchange:
    """An exchange whose exceptions, which only Python can carry, become what a socket can: a broken connection where
    one is played, else OpenAI's 500 with the sentence of the mistake, which is logged as well.
    """
    begun = False
    steps = escaping(handle, request)
    try:
        step = next(steps)
        while True:
            begun = begun or isinstance(step, Head)
            try:
                told = yield step
            except Exception as error:  # noqa: BLE001 - it is the exchange's to deal with
                step = steps.throw(error)
            else:
                step = steps.send(told)
    except StopIteration:
        return
    except Escape as error:
        _log.error("%s %s: %s", request.method, request.path, error, exc_info=error.__cause__ or error)
        if begun:
            yield Cut("reset")
            return
        said = server_error("").body()
        said["error"]["message"] = str(error)
        body = msgspec.json.encode(said)
        yield Head(500, (JSON, (b"content-length", b"%d" % len(body)), (b"x-should-retry", b"false")))
        yield Data(body)
    except Exception as error:  # noqa: BLE001 - a server has no other way to show it
        _log.info("%s %s: the connection breaks, as %r plays", request.method, request.path, error)
        yield Cut("reset")
    finally:
        steps.close()


def prefixes_of(base_urls: Sequence[str]) -> tuple[str, ...]:
    """What stands before the part of a base URL that the router knows. Raises ValueError for what is no base URL."""
    read = addresses(tuple(base_urls))
    bases = [*(base for group in read.exact.values() for base in group), *read.wild]
    return tuple(dict.fromkeys(base.path[: base.cut] for base in bases if base.cut))


def rebased(handle: Handle, prefixes: Sequence[str], request: Request) -> Exchange:
    """The exchange of a request without the first of the prefixes that its path begins with."""
    prefix = next((each for each in prefixes if request.path.startswith(f"{each}/")), "")
    return handle(msgspec.structs.replace(request, path=request.path.removeprefix(prefix)))
