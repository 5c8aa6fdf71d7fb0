"""The text in files: plain, HTML, PDF, Office, binary, and whatever is broken."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile
from zlib import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.media.document import document_text, untagged


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"# Title\n\n- a < b > c", "# Title\n\n- a < b > c"),
        (b'{"a": "<b>"}', '{"a": "<b>"}'),
        ("\ufeffGr\u00fc\u00dfe".encode(), "Gr\u00fc\u00dfe"),
        ("Gr\u00fc\u00dfe".encode("utf-16"), "Gr\u00fc\u00dfe"),
        (b"caf\xe9", "caf\ufffd"),
        (b"", ""),
        (b"\x89PNG\0\1\2 a readable comment \0\xff", " a readable comment "),
    ],
)
def test_text_is_read_as_it_is(content: bytes, text: str) -> None:
    assert document_text(content, "a.txt") == text


def test_html_loses_tags_comments_scripts_and_styles() -> None:
    page = (
        "<!DOCTYPE html><head><title>Shop</title><style>p > a {}</style></head><!-- <p>no</p> -->"
        "<h1>Fees &amp; <em>costs</em></h1><script>if (1 < 2) { alert('<p>no</p>') }</script><p>3 < 4<br/>done</p>"
    )
    assert document_text(page.encode()) == "Shop\nFees & costs\n3 < 4\ndone"
    assert document_text(b"<p>hello</p>", "a.HTML") == "hello"
    assert document_text(b"<p>hello</p>", "a.txt") == "<p>hello</p>"


@pytest.mark.parametrize("packed", [True, False])
def test_a_pdf_shows_its_strings(packed: bool) -> None:
    page = b"BT /F1 12 Tf 72 712 Td (Refunds \\(all\\)) Tj 0 -14 Td [(thir) 20 (ty) -300 (d\\141ys)] TJ ET"
    stream = compress(page) if packed else page
    content = b"%PDF-1.4\n1 0 obj <</Length 9>>\nstream\r\n" + stream + b"\r\nendstream endobj\nxref %%EOF"
    assert document_text(content).split("\n")[-2:] == ["Refunds (all)", "thirty days"]


def test_an_office_file_is_unpacked() -> None:
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr(
            "word/document.xml", "<w:p><w:t>Refunds</w:t></w:p><w:p><w:t>thirty </w:t><w:t>days</w:t></w:p>"
        )
        archive.writestr("word/styles.xml", "<w:p>no</w:p>")
    assert document_text(held.getvalue()) == "Refunds\nthirty days"
    assert document_text(held.getvalue()[:60]) == ""


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"%PDF-1.7 stream\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"\0"])
)
def test_nothing_fails(content: bytes, start: bytes) -> None:
    assert isinstance(document_text(start + content + b"endstream"), str)


@given(st.text(alphabet="<>!-/abp \n", max_size=200))
def test_no_markup_fails(text: str) -> None:
    assert isinstance(untagged(text), str)


@pytest.mark.parametrize("piece", ["<", "<!--", "<script>", "<p", "("])
def test_the_time_grows_with_the_file_only(piece: str) -> None:
    assert isinstance(document_text(f"<html>{piece * 100_000}".encode()), str)
    assert isinstance(document_text(b"%PDF-1.7\n" + f"stream\nBT{piece * 100_000}endstream".encode()), str)
