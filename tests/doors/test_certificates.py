"""Certificates made on the spot, and the user's own files with what may be wrong with them."""

import ssl
import stat
import subprocess
import sys

import pytest
import trustme

from openai_mock.doors.certificates import (
    LOCAL,
    Certificate,
    CertificateError,
    certificate,
    hosts_of,
    loaded,
    write_authority,
)


@pytest.fixture
def files(tmp_path):
    """A certificate, its key, both in one file, and the key of another certificate."""
    authority = trustme.CA()
    for name in ("one", "other"):
        issued = authority.issue_cert("localhost")
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.both")
    return tmp_path


@pytest.mark.parametrize(
    ("host", "more"),
    [("127.0.0.1", ()), ("localhost", ()), ("::1", ()), ("10.1.2.3", ("10.1.2.3",)), ("mock.test", ("mock.test",))],
)
def test_hosts(host, more):
    assert hosts_of(host) == (*LOCAL, *more)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_hosts_of_everywhere(host, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "machine")
    assert hosts_of(host) == (*LOCAL, "machine")


def test_every_certificate_has_an_authority_of_its_own():
    assert certificate(LOCAL).authority != certificate(LOCAL).authority


def test_a_name_that_is_none():
    with pytest.raises(CertificateError, match="No certificate can be made for no such name"):
        certificate(("no such name",))


def test_without_trustme(monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(CertificateError, match=r"pip install 'openai-mock\[tls\]'"):
        certificate(LOCAL)


def test_own_files(files):
    for made in (loaded(files / "one.pem", files / "one.key"), loaded(str(files / "one.both"))):
        assert isinstance(made.context, ssl.SSLContext)
        assert made.authority == b""


@pytest.mark.parametrize(
    ("cert", "key", "expected"),
    [
        ("none.pem", "one.key", r"--cert .*none\.pem cannot be read: No such file"),
        ("one.pem", "none.key", r"--key .*none\.key cannot be read: No such file"),
        (".", "one.key", r"--cert .* cannot be read: "),
        ("one.pem", "other.key", r"other\.key does not belong to the certificate .*one\.pem\."),
        ("one.key", "one.key", r"--cert .*one\.key holds no certificate in PEM form"),
        ("one.pem", "one.pem", r"--key .*one\.pem holds no key in PEM form"),
        ("one.pem", None, r"--cert .*one\.pem holds no key in PEM form.* Name the file that does with --key\."),
        ("broken", "one.key", r"The certificate .*broken cannot be used: "),
    ],
)
def test_wrong_files(files, cert, key, expected):
    (files / "broken").write_bytes(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    with pytest.raises(CertificateError, match=expected):
        loaded(files / cert, None if key is None else files / key)


def test_a_key_with_a_password(files):
    from cryptography.hazmat.primitives import serialization as form

    key = form.load_pem_private_key((files / "one.key").read_bytes(), None)
    protected = form.BestAvailableEncryption(b"secret")
    (files / "locked.key").write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, protected))
    with pytest.raises(CertificateError, match="protected by a password"):
        loaded(files / "one.pem", files / "locked.key")


def test_the_authority_is_written_for_everyone(tmp_path):
    made = certificate(LOCAL)
    file = tmp_path / "ca.pem"
    write_authority(made, file)
    text = file.read_text()
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in text
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
    ssl.create_default_context(cafile=str(file))


def test_where_the_authority_cannot_be_written(tmp_path):
    with pytest.raises(CertificateError, match=r"--write-ca cannot write .*ca\.pem: No such file or directory\."):
        write_authority(certificate(LOCAL), tmp_path / "none" / "ca.pem")
    with pytest.raises(CertificateError, match="Leave one away"):
        write_authority(Certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), tmp_path / "ca.pem")


def test_trustme_is_loaded_when_a_certificate_is_made():
    code = "import sys, openai_mock.doors.certificates; assert 'trustme' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
