"""Certificates for 127.0.0.1 and localhost, by an authority of their own, made with the program `openssl`."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

from . import Unavailable

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
#: As strict clients ask for it (Python 3.13 does).
EXTENSIONS = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = simsearch tests
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Certificate(NamedTuple):
    """A server's certificate, its key, and the authority that clients have to trust."""

    chain: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to speak TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def certify(folder: Path) -> Certificate:
    """Make an authority and the certificate of a server, good for two days."""
    if not shutil.which("openssl"):
        raise Unavailable("no openssl on PATH to make certificates with")
    made = Certificate(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    extensions, authority_key, wish = folder / "extensions", folder / "authority.key", folder / "server.csr"
    extensions.write_text(EXTENSIONS, "utf-8")
    config, days = ["-config", extensions], ["-days", "2"]
    _openssl(
        *("req", "-x509", *CURVE, *config, "-extensions", "authority", *days),
        *("-keyout", authority_key, "-out", made.authority),
    )
    _openssl("req", "-new", *CURVE, *config, "-subj", "/CN=localhost", "-keyout", made.key, "-out", wish)
    _openssl(
        *("x509", "-req", "-in", wish, "-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial", *days),
        *("-extfile", extensions, "-extensions", "server", "-out", made.chain),
    )
    return made


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
