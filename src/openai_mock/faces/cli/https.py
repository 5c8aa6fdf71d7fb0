"""HTTPS on the command line: the certificate that the options ask for, and where its authority is written."""

from __future__ import annotations

from pathlib import Path

from openai_mock.doors.sockets import Https
from openai_mock.faces.cli.options import ServeOptions


def https_for(options: ServeOptions) -> Https | None:
    """What serves HTTPS, or None where nobody asked. Raises `CertificateError`, whose text is a sentence."""
    if not (options.https or options.https_port is not None or options.cert or options.key or options.write_ca):
        return None
    from openai_mock.doors.certificates import (  # noqa: PLC0415 - cryptography is heavy
        CertificateError,
        certificate,
        hosts_of,
        loaded,
        write_authority,
    )

    if options.key and not options.cert:
        raise CertificateError("--key needs the certificate it belongs to: add --cert FILE.")
    if options.cert and options.write_ca:
        raise CertificateError("--write-ca writes the authority of a certificate made here; leave --cert away.")
    made = loaded(options.cert, options.key) if options.cert else certificate(hosts_of(options.host))
    if options.write_ca:
        write_authority(made, Path(options.write_ca))
    return Https(made.context, options.https_port)
