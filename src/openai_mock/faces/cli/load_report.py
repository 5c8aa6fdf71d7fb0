"""`openai-mock load-report`: the figures of running servers, and whether the mock was the bottleneck."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any

from openai_mock.doors.sockets import FIRST_PORT
from openai_mock.library.endpoints import KEY_HEADER
from openai_mock.library.punctuality import PATH, exceeded, figures, in_words, limits_of

DONE, SILENT, BOTTLENECK = 0, 1, 3
PATIENCE = 10.0
"""Seconds in which a server must answer."""


class _SilentError(Exception):
    """A server did not tell; the text is a sentence."""


def report(urls: Sequence[str], *, as_json: bool, control_key: str | None, limits: Sequence[str]) -> tuple[int, str]:
    """The exit code, and what to print."""
    try:
        raws = [raw for url in urls or (f"http://127.0.0.1:{FIRST_PORT}",) for raw in _asked(url, control_key)]
    except _SilentError as error:
        return SILENT, f"openai-mock: {error}"
    return told(raws, as_json=as_json, limits=limits)


def told(raws: Sequence[Mapping[str, Any]], *, as_json: bool, limits: Sequence[str]) -> tuple[int, str]:
    """The exit code, and what to print of what servers measured."""
    code, text, fields = verdict(raws, limits)
    return code, json.dumps(fields, indent=2) if as_json else text


def verdict(raws: Sequence[Mapping[str, Any]], limits: Sequence[str]) -> tuple[int, str, dict[str, Any]]:
    """The exit code, the figures with their verdict in words, and the same for programs."""
    found, most = figures(raws), limits_of(limits)
    over = exceeded(found, most)
    text = "\n".join([in_words(found), *(over or [_verdict(found)])])
    fields = {**found, "limits": most, "bottleneck": bool(over), "because": over}
    return (BOTTLENECK if over else DONE), text, fields


def _verdict(found: Mapping[str, Any]) -> str:
    if found["began_now"]:
        return "Nothing was measured until now; from now on it is. Run the load and ask again."
    if not found["answers"]:
        return "Nothing was answered while it was measured."
    return "The mock kept up."


def _asked(url: str, control_key: str | None) -> Sequence[Mapping[str, Any]]:
    """What the workers of one server measured."""
    place = url.rstrip("/").removesuffix("/v1") + PATH
    if not place.startswith(("http://", "https://")):
        raise _SilentError(f"'{url}' is no address of a server. Write one such as http://127.0.0.1:{FIRST_PORT}.")
    headers = {KEY_HEADER: control_key} if control_key else {}
    try:
        request = urllib.request.Request(f"{place}?histograms=true", headers=headers)  # noqa: S310 - HTTP, as checked
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            raws = json.load(answer)["histograms"]
    except urllib.error.HTTPError as error:
        raise _SilentError(f"{url} answered {error.code}: {_sentence(error.read())}") from None
    except (OSError, ValueError, KeyError, TypeError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        reason = getattr(reason, "strerror", None) or reason
        raise _SilentError(f"{url} does not tell: {reason}. Is openai-mock running there?") from None
    return raws if isinstance(raws, list) else [raws]


def _sentence(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "it is no openai-mock that can tell."
