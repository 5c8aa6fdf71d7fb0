"""Forms and queries: what real clients write is read back, and what is malformed is refused in a sentence."""

import io
import time

import httpx
import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._qs import Querystring

from openai_mock.engine.forms import MAX_FIELDS, FilePart, form_pairs, read_form

TYPE = 'multipart/form-data; boundary="b1"'
URLENCODED = "application/x-www-form-urlencoded"


def multipart(*parts: str, end: str = "--b1--\r\n") -> bytes:
    return ("".join(f"--b1\r\n{part}\r\n" for part in parts) + end).encode()


def field(name: str, value: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}'


def sent(request) -> dict:
    request.read()
    return read_form(request.content, request.headers["content-type"])


# What clients write

NAMES = st.text("abcdefghijk_é \\%'", min_size=1, max_size=8).filter(lambda name: name.strip() == name)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILENAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='/\\"%'), min_size=1, max_size=20)


@pytest.mark.parametrize("library", [httpx, httpx2])
@settings(deadline=None)
@given(
    data=st.dictionaries(NAMES, TEXTS | st.lists(TEXTS, min_size=2, max_size=3), max_size=4),
    filename=FILENAMES,
    content=st.binary(max_size=200) | st.just(b"\r\n--b1\r\n--\r\n"),
)
def test_what_httpx_writes_is_read_back(library, data, filename, content):
    request = library.Request("POST", "http://x", data=data, files={"file!": (filename, content, "text/x-test")})
    assert sent(request) == data | {"file!": FilePart(filename, "text/x-test", content)}


KEYS = st.text("abcdefg_", min_size=1, max_size=5)
LEAVES = st.text("xyz 1&=[]%é", min_size=1, max_size=5)
TREES = st.recursive(
    LEAVES | st.lists(LEAVES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=4))
def test_what_the_sdk_writes_is_read_back(data):
    assert read_form(Querystring(array_format="brackets").stringify(data).encode(), URLENCODED) == data
    with openai.OpenAI(api_key="unused") as client:
        fields = client._serialize_multipartform(data)
    assert sent(httpx2.Request("POST", "http://x", data=fields, files={"file!": b""})) == data | {
        "file!": FilePart("upload", "application/octet-stream", b"")
    }


@given(st.dictionaries(KEYS, LEAVES | st.lists(LEAVES, min_size=2, max_size=3), max_size=4))
def test_repeated_names_are_a_list(data):
    assert read_form(Querystring(array_format="repeat").stringify(data).encode(), URLENCODED) == data


def test_sdk_calls_reach_us_as_they_were_written():
    seen = []

    def answer(request):
        seen.append(sent(request))
        return httpx2.Response(200, json={})

    with openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer))) as client:
        client.images.edit(image=[("a.png", b"1"), ("b.png", b"2")], prompt="two", n=2)
        client.audio.transcriptions.create(
            file=io.BytesIO(b"wave"), model="whisper-1", timestamp_granularities=["word", "segment"]
        )
        client.files.create(
            file=("x.jsonl", b"{}"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
        )
    edit, transcription, file = seen
    assert edit == {
        "image": [FilePart("a.png", "image/png", b"1"), FilePart("b.png", "image/png", b"2")],
        "prompt": "two",
        "n": "2",
    }
    assert transcription["timestamp_granularities"] == ["word", "segment"]
    assert transcription["file"].content == b"wave"
    assert file["expires_after"] == {"anchor": "created_at", "seconds": "3600"}


def test_one_file_in_brackets_is_a_list():
    body = multipart(field("image[]", "1", '; filename="a.png"'))
    assert read_form(body, TYPE) == {"image": [FilePart("a.png", "application/octet-stream", b"1")]}


def test_urlencoded_forms_are_read():
    assert read_form(b"a=1&b[]=2&b[]=&c[d]=%C3%A9+x", "application/x-www-form-urlencoded; charset=utf-8") == {
        "a": "1",
        "b": ["2", ""],
        "c": {"d": "é x"},
    }


# Filenames


@pytest.mark.parametrize(
    ("written", "filename"),
    [
        ('filename="плач.txt"', "плач.txt"),
        ("filename*=UTF-8''%e2%82%ac%20rates", "€ rates"),
        ("filename=\"fallback\"; filename*=utf-8'en'na%C3%AFve.txt", "naïve.txt"),
        ("filename*=iso-8859-1''%A3.txt", "£.txt"),
        ('filename="../../etc/passwd"', "passwd"),
        (r'filename="C:\\temp\\a.txt"', "a.txt"),
        (r'filename="C:\temp\a.txt"', "a.txt"),
        (r'filename="say \"hi\".txt"', 'say "hi".txt'),
        ('filename="say %22hi%22 100%25.txt"', 'say "hi" 100%25.txt'),
        ('filename="a;b.txt"', "a;b.txt"),
        ("filename=plain.txt", "plain.txt"),
        ('filename=""', ""),
        ('filename="never closed', "never closed"),
    ],
)
def test_filenames(written, filename):
    assert read_form(multipart(field("file", "x", f"; {written}")), TYPE)["file"].filename == filename


def test_a_filename_in_latin_1_is_read_as_such():
    body = multipart(field("file", "x", '; filename="£"')).replace("£".encode(), b"\xa3")
    assert read_form(body, TYPE)["file"].filename == "£"


# Shapes of bodies


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"--b1--", []),
        (b"--b1--\r\n", []),
        (b"preamble\r\n--b1  \r\n" + field("a", "1").encode() + b"\r\n--b1--\r\nepilogue", [("a", "1")]),
        (multipart(field("a", "")), [("a", "")]),
        (b"--b1\r\n" + field("a", "").encode() + b"--b1--", [("a", "")]),
        (multipart(field("a", "1\r\n--b12\r\n--b1-\r\n--b1--x\r\n--b1 x")),
         [("a", "1\r\n--b12\r\n--b1-\r\n--b1--x\r\n--b1 x")]),
        (multipart("Content-Length: 3\r\n" + field("a", "longer")), [("a", "longer")]),
        (multipart("content-disposition:form-data;name=a\r\n\r\n1", field("a", "2")), [("a", "1"), ("a", "2")]),
        (multipart("Content-Transfer-Encoding: binary\r\n" + field("a", "1")), [("a", "1")]),
    ],
)  # fmt: skip
def test_bodies_that_are_sound(body, fields):
    assert form_pairs(body, TYPE) == fields


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        (b"--b1--", "multipart/form-data", "names no boundary"),
        (b"--b1--", "multipart/form-data; boundary=", "names no boundary"),
        (b"--b1--", "multipart/form-data; boundary=" + "x" * 201, "at most 200 characters"),
        (b"", TYPE, "does not begin with the boundary"),
        (b"{}", TYPE, "does not begin with the boundary"),
        (b"--b1--", "multipart/form-data; boundary=other", "does not begin with the boundary"),
        (b"--b1\n\n", TYPE, "does not begin with the boundary"),
        (multipart(field("a", "1"), end=""), TYPE, "ends before its last boundary"),
        (multipart(field("a", "1"), end="--b1"), TYPE, "ends before its last boundary"),
        (multipart("Content-Disposition: form-data; name=a"), TYPE, "no blank line behind its headers"),
        (multipart("X: " + "x" * 20_000 + "\r\n" + field("a", "1")), TYPE, "more than 16,384 bytes"),
        (multipart("\r\nx"), TYPE, "has no name"),
        (multipart("Content-Disposition: form-data\r\n\r\nx"), TYPE, "has no name"),
        (multipart("Content-Disposition: attachment; name=a\r\n\r\nx"), TYPE, "has no name"),
        (multipart(field("a", "x", "; filename*=koi8-r''%C4")), TYPE, "is encoded as 'koi8-r'"),
        (multipart(field("a", "x", "; filename*=utf-8''%C4")), TYPE, "A filename is not UTF-8"),
        (multipart("Content-Transfer-Encoding: BASE64\r\n" + field("a", "eA==")), TYPE, "'a' is encoded as base64"),
        (multipart(field("a", "é")).replace(b"\xc3", b""), TYPE, "The form field 'a' is not UTF-8 (byte 0)"),
        (multipart(*[field("a", "")] * (MAX_FIELDS + 1)), TYPE, "more than 1,000 parts"),
        (b"&" * MAX_FIELDS, "application/x-www-form-urlencoded", "more than 1,000 parameters"),
        (b"a=%ff", "application/x-www-form-urlencoded", "not UTF-8"),
        (b"\xff", "application/x-www-form-urlencoded", "The form body is not UTF-8"),
        (b"{}", "application/json", "The Content-Type header is 'application/json'"),
        (b"{}", "", "send the form as 'multipart/form-data'"),
    ],
)
def test_bodies_that_are_refused(body, content_type, sentence):
    with pytest.raises(ValueError, match=r"\.$") as caught:
        form_pairs(body, content_type)
    assert sentence in str(caught.value)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"--b1", b"\r\n", b"--", b"\r\n\r\n", b"Content-Disposition: form-data; name=", b'"', b"a", b"\\", b"\xff"]
        )
        | st.binary(max_size=5)
    ).map(b"".join)
)
def test_garbage_raises_nothing_but_sentences(body):
    try:
        read_form(body, TYPE)
    except ValueError as error:
        # Its subclasses, such as UnicodeDecodeError, carry no sentences.
        assert type(error) is ValueError and str(error).endswith(".")  # noqa: PT017


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(query):
    try:
        assert isinstance(read_form(query.encode(), URLENCODED), dict)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017


def test_large_and_hostile_bodies_are_read_in_linear_time():
    start = time.process_time()
    for content in (b"\r\n--" * 2_000_000, b"\r\n--b" * 1_500_000, b"\r\n--b1-" * 200_000):
        body = multipart(field("file", "", '; filename="f"'))
        at = body.index(b"\r\n\r\n") + 4
        assert read_form(body[:at] + content + body[at:], TYPE)["file"].content == content
    hostile = 'Content-Disposition: form-data; name="a"' + ';x="\\' * 3_000 + "\r\n\r\nv"
    assert form_pairs(multipart(*[hostile] * 20), TYPE) == [("a", "v")] * 20
    assert time.process_time() - start < 3
