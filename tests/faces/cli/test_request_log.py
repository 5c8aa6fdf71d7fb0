"""The request log, as people and programs read it."""

from __future__ import annotations

import json

import pytest

from openai_mock.engine.journal import Entry
from openai_mock.faces.cli.request_log import BODY_CAP, as_json, seen, text_with
from openai_mock.wire import Request

CHAT = "/v1/chat/completions"


def entry(body=b"{}", *, headers=None, query="", path=CHAT, **fields):
    made = Entry(Request("POST", path, query, headers or {}, body), "req_1", 0.0)
    plain = {
        "operation": "chat.completions.create",
        "rule": "greeting",
        "status": 200,
        "seconds": 0.0015,
        "finished": True,
    }
    for name, value in (plain | fields).items():
        setattr(made, name, value)
    return made


def as_text(made, *, detailed=False):
    return text_with(colour=False)(seen(made, 0.25, detailed=detailed))


def test_a_line_says_what_was_asked_what_answered_and_how_long_it_took():
    line = as_text(entry())
    for word in ("POST", CHAT, "chat.completions.create", "greeting", "200", "1.5 ms"):
        assert word in line
    assert "\n" not in line
    assert "client left" not in line


def test_a_client_that_left_is_told():
    assert "client left" in as_text(entry(finished=False))
    assert "---" in as_text(entry(finished=False, status=0))


def test_a_miss_names_the_nearest_rules_and_why():
    nearest = [{"id": "a", "where": "f.yaml:3", "reason": "messages[0].content: other"}, {"id": "b", "reason": "role"}]
    text = as_text(entry(rule=None, status=400, error="No matching response", nearest=nearest))
    first, *rest = text.splitlines()
    assert "nearest a" in first
    assert rest == ["    a (f.yaml:3): messages[0].content: other", "    b: role"]


def test_an_error_is_told_below_its_line():
    assert as_text(entry(rule=None, status=404, error="Invalid URL")).splitlines()[1] == "    Invalid URL"


def test_details_are_cut_and_redacted():
    body = b'{"api_key": "hidden-one", "pad": "' + b"x" * 5000 + b'"}'
    made = entry(body, headers={"authorization": "Bearer sk-abcdefgh", "accept": "*/*"}, query="api-key=hidden-two&x=1")
    for text in (as_text(made, detailed=True), as_json(seen(made, 0, detailed=True))):
        assert "accept" in text
        assert "x=1" in text
        assert f"({len(body) - BODY_CAP} more bytes)" in text
        assert len(text) < BODY_CAP + 700
        for secret in ("hidden-one", "hidden-two", "abcdefgh"):
            assert secret not in text


def test_without_details_nothing_of_the_request_is_kept():
    assert seen(entry(), 0, detailed=False).details is None
    assert "accept" not in as_text(entry(headers={"accept": "*/*"}))


def test_a_body_that_is_no_text_is_described():
    made = entry(b"\x00\x01", headers={"content-type": "multipart/form-data; boundary=x"})
    assert "(2 bytes of multipart/form-data)" in as_text(made, detailed=True)


def test_json_is_one_ascii_object_per_exchange():
    line = as_json(seen(entry(rule="grüße"), 0.25, detailed=False))
    assert line.isascii()
    read = json.loads(line)
    assert read["event"] == "request"
    assert read["rule"] == "grüße"
    assert read["time"] == "1970-01-01T00:00:00.250Z"
    assert (read["status"], read["ms"], read["finished"]) == (200, 1.5, True)


@pytest.mark.parametrize("path", ["/v1/\x1b[2J", "/v1/a\nb", "/\x9b31m"])
def test_a_client_cannot_write_on_the_terminal(path):
    text = as_text(entry(path=path, headers={"x": "\x1b]0;title\x07"}, error="no \x1b[1m", status=404), detailed=True)
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == 4


def test_colour_is_only_added():
    coloured = text_with(colour=True)
    assert "\x1b[32m200" in coloured(seen(entry(), 0, detailed=False))
    assert "\x1b[33m404" in coloured(seen(entry(status=404), 0, detailed=False))
    assert "\x1b[31m500" in coloured(seen(entry(status=500), 0, detailed=False))
    assert "\x1b" not in as_text(entry())


def test_no_credential_is_shown_of_a_path():
    entry = Entry(Request("GET", "/v1/files/sk-very-secret"), "req_1", 0.0)
    one = seen(entry, 0.0, detailed=False)
    for line in (as_json(one), text_with(colour=False)(one)):
        assert "/v1/files/****" in line
        assert "very-secret" not in line
