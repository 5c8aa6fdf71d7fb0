"""A certificate is read, or refused without an exception, whatever it is."""

from __future__ import annotations

from base64 import b64decode, b64encode
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_mock.media.certificate import Certificate, read_certificate

LINES = """
MIIBTDCB86ADAgECAgEHMAoGCCqGSM49BAMCMC8xEDAOBgNVBAoMB0V4YW1wbGUx
GzAZBgNVBAMMEmNsaWVudC5leGFtcGxlLmNvbTAgFw0yNjAxMDEwMDAwMDBaGA8y
MDU1MDEwMTAwMDAwMFowLzEQMA4GA1UECgwHRXhhbXBsZTEbMBkGA1UEAwwSY2xp
ZW50LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErPOIxzrH
irD1cFPK0TOjOxD28fZmD2iJomFmuo6bFwXIubjvb4Os/Rrwqx4Y9zTWXdGbVGjS
NDUrEZ23j3EPfDAKBggqhkjOPQQDAgNIADBFAiB2nwIv/auJMh8bqKeY9Jk3xV7s
5+LHzB+FPBMPiZ3tDwIhAJGioeNPYvgO7EguBRQLzez5uM5iJbYdLHHSzqU1+Elf
"""
DER = b64decode("".join(LINES.split()))


def pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"


def test_times_of_both_forms_and_the_name():
    assert read_certificate(pem(DER)) == Certificate("client.example.com", 1_767_225_600, 2_682_374_400)
    assert read_certificate("Bag Attributes\n" + pem(DER) + pem(b"")) is not None


@pytest.mark.parametrize("text", ["", "hello", pem(b"\x30"), pem(b"\x30\x05\x30\x03\x02\x01\x01"), pem(DER[:80])])
def test_what_is_none(text):
    assert read_certificate(text) is None


@given(st.binary(max_size=200), st.integers(0, len(DER) - 1), st.binary(max_size=8))
def test_no_bytes_raise(garbage, at, patch):
    read_certificate(pem(garbage))
    read_certificate(pem(DER[:at] + patch + DER[at + len(patch) :]))


def test_blanks_cost_little():
    started = perf_counter()
    assert read_certificate("-----BEGIN CERTIFICATE-----" + " " * 100_000 + "!") is None
    assert read_certificate(("-----BEGIN CERTIFICATE-----\n" + "A " * 10) * 5_000) is None
    assert perf_counter() - started < 1
