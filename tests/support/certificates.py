"""Certificates that nobody trusts."""

import subprocess
from pathlib import Path

from requirements import lacking


def make_certificate(path: Path, host: str, alternative: str) -> Path:
    """Write a certificate, and its key beside it as key.pem; return the certificate's path.

    Args:
        path: Where to write it.
        host: Its common name.
        alternative: The host again, as DNS:name or IP:address.
    """
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", f"/CN={host}", "-addext", f"subjectAltName={alternative}"),
        *("-keyout", path.with_name("key.pem"), "-out", path),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        lacking("no openssl to make a certificate with")
    assert done.returncode == 0, done.stderr
    return path
