"""Heads and bodies of HTTP/1.1 are delimited so that every client finds their end."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.doors.framing import framed_body, framed_head, whole
from openai_mock.wire import Head

DATE = [(b"date", b"today")]


def read(raw, method="GET", *, closed=False):
    """What an independent parser makes of the bytes: (status, headers, body)."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(raw)
    if closed:
        client.receive_data(b"")
    response, body = client.next_event(), b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    return response.status_code, dict(response.headers), body


@given(
    body=st.binary(max_size=200), announced=st.booleans(), keep=st.booleans(), status=st.sampled_from([200, 404, 599])
)
def test_whole_is_read_back(body, announced, keep, status):
    headers = [(b"x-a", b"1"), (b"Content-Length", b"%d" % len(body))] if announced else [(b"x-a", b"1")]
    raw, kept = whole("POST", Head(status, headers), body, DATE, keep=keep)
    found = read(raw, "POST")
    assert (found[0], found[2], kept) == (status, body, keep)
    assert (found[1][b"date"], found[1][b"x-a"]) == (b"today", b"1")
    assert (found[1].get(b"connection") == b"close") is not keep


@given(pieces=st.lists(st.binary(max_size=50), max_size=6), chunks=st.booleans())
def test_stream_is_read_back(pieces, chunks):
    framed = framed_head("GET", Head(200, ()), DATE, chunks=chunks)
    raw = framed.text + b"".join(framed_body(framed, piece, last=False) for piece in pieces)
    raw += framed_body(framed, b"", last=True)
    assert read(raw, closed=not chunks)[2] == b"".join(pieces)
    assert framed.keep is chunks


def test_last_piece_and_end_share_a_write():
    framed = framed_head("GET", Head(200, ()), ())
    assert framed_body(framed, b"abc", last=True) == b"3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_without_a_body(method, status):
    raw, keep = whole(method, Head(status, ()), b"abc", (), keep=True)
    assert (raw.endswith(b"\r\n\r\n"), keep) == (True, True)
    assert read(raw, method)[2] == b""


def test_transfer_encoding_of_the_engine_is_ours_to_say():
    raw, _ = whole("GET", Head(200, [(b"Transfer-Encoding", b"chunked")]), b"abc", (), keep=True)
    assert read(raw)[2] == b"abc"


def test_the_engine_may_close():
    raw, keep = whole("GET", Head(200, [(b"connection", b"close"), (b"content-length", b"1")]), b"a", (), keep=True)
    assert (raw.lower().count(b"connection: close"), keep) == (1, False)


@pytest.mark.parametrize("value", [b"a\r\nx-evil: 1", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_cannot_smuggle_another(value):
    with pytest.raises(ValueError, match="line break"):
        whole("GET", Head(200, [(b"x-a", value)]), b"", (), keep=True)


def test_a_wrong_length_is_an_error():
    with pytest.raises(ValueError, match="announces 5 bytes"):
        whole("GET", Head(200, [(b"content-length", b"5")]), b"abc", (), keep=True)


def test_a_header_name_is_no_format():
    raw, _ = whole("GET", Head(200, [(b"x-%b%s", b"%d")]), b"", (), keep=True)
    assert b"\r\nx-%b%s: %d\r\n" in raw


def test_a_name_with_a_line_break_is_refused():
    with pytest.raises(ValueError, match="line break"):
        whole("GET", Head(200, [(b"x\r\ny", b"1")]), b"", (), keep=True)
