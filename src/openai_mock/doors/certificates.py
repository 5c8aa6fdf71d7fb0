"""Certificates for HTTPS: made on the spot by an authority that lives as long as the process, or the user's own.

Theory. The authority's key is made in memory, signs one certificate, and is forgotten with it; only its certificate,
which is no secret, can be written out for clients to trust. So no key that outlives the server could sign for other
hosts on a machine that still trusts it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path

from msgspec import Struct

LOCAL = ("localhost", "127.0.0.1", "::1")
INSTALL = "pip install 'openai-mock[tls]'"
READABLE = 0o644


class CertificateError(ValueError):
    """A certificate cannot be made, read or written; the message says which and what to do."""


class Certificate(Struct, frozen=True):
    """What HTTPS is served with. `authority` is what clients must trust, as PEM; empty for the user's own files."""

    context: ssl.SSLContext
    authority: bytes = b""


def hosts_of(host: str) -> tuple[str, ...]:
    """The names under which a server that listens at `host` is reached, each of which its certificate must hold."""
    try:
        address = ipaddress.ip_address(host or "0.0.0.0")  # noqa: S104 - compared, not bound
    except ValueError:
        names = (*LOCAL, host)
    else:
        names = (*LOCAL, socket.gethostname() if address.is_unspecified else str(address))
    return tuple(dict.fromkeys(names))


def certificate(hosts: tuple[str, ...]) -> Certificate:
    """A new certificate for these names and addresses, signed by a new authority. Raises `CertificateError`."""
    try:
        import trustme  # noqa: PLC0415 - heavy, and an extra
    except ImportError as error:
        sentence = f"HTTPS without --cert needs the package trustme: {INSTALL}, or bring your own --cert and --key."
        raise CertificateError(sentence) from error
    authority, context = trustme.CA(), _context()
    try:
        issued = authority.issue_cert(*hosts)
    except ValueError as error:
        raise CertificateError(f"No certificate can be made for {', '.join(hosts)}: {error}.") from error
    issued.configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes())


def loaded(cert: str | Path, key: str | Path | None = None) -> Certificate:
    """The user's own certificate (with its chain) and key, both PEM; without `key`, `cert` holds both.

    Raises `CertificateError`.
    """
    for option, file in (("--cert", cert), ("--key", key)):
        if file is not None:
            _readable(option, Path(file))
    context = _context()
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        raise CertificateError(_complaint(error, cert, key)) from error
    return Certificate(context)


def write_authority(made: Certificate, file: str | Path) -> None:
    """Write what clients must trust where every user of the machine can read it. Raises `CertificateError`."""
    if not made.authority:
        raise CertificateError(
            "--write-ca writes the authority of a certificate made here, but --cert brings its own. Leave one away."
        )
    path = Path(file)
    try:
        path.write_bytes(made.authority)
        if path.is_file():
            path.chmod(READABLE)
    except OSError as error:
        raise CertificateError(f"--write-ca cannot write {file}: {error.strerror or error}.") from error


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _readable(option: str, file: Path) -> None:
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise CertificateError(f"{option} {file} cannot be read: {error.strerror or error}.") from error


def _no_password() -> str:
    raise CertificateError(
        "The key is protected by a password, which a server cannot be asked for. "
        "Write it without one: openssl pkey -in KEY -out PLAIN.pem"
    )


def _complaint(error: ssl.SSLError, cert: str | Path, key: str | Path | None) -> str:
    """What is wrong with files that can be read but not used."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The key {key or cert} does not belong to the certificate {cert}."
    if not _holds(cert, b"CERTIFICATE-----"):
        return f"--cert {cert} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----."
    if not _holds(key or cert, b"PRIVATE KEY-----"):
        named = f"--key {key}" if key else f"--cert {cert}"
        hint = "" if key else " Name the file that does with --key."
        return f"{named} holds no key in PEM form, which begins with -----BEGIN PRIVATE KEY-----.{hint}"
    return f"The certificate {cert} cannot be used: {error.reason or error}."


def _holds(file: str | Path, mark: bytes) -> bool:
    return mark in Path(file).read_bytes()
