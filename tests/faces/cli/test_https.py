"""HTTPS from the command line, as the SDK and curl would use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from openai_mock.doors.certificates import CertificateError
from openai_mock.faces.cli.https import https_for
from openai_mock.faces.cli.options import ServeOptions


def test_nobody_asked() -> None:
    assert https_for(ServeOptions()) is None


def test_a_certificate_is_made_and_its_authority_written(tmp_path: Path) -> None:
    made = https_for(ServeOptions(https_port=0, write_ca=str(tmp_path / "ca.pem")))
    assert made is not None
    assert made.port == 0
    assert (tmp_path / "ca.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (ServeOptions(https=True, key="k.pem"), "add --cert"),
        (ServeOptions(cert="c.pem", write_ca="ca.pem"), "leave --cert away"),
        (ServeOptions(cert="/nowhere/c.pem"), "/nowhere/c.pem"),
        (ServeOptions(write_ca="/nowhere/ca.pem"), "/nowhere/ca.pem"),
    ],
)
def test_mistakes_are_sentences(options: ServeOptions, sentence: str) -> None:
    with pytest.raises(CertificateError, match=sentence):
        https_for(options)
