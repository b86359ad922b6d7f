"""The certificate directory of `wicket.toml`: `NAME/tls.crt` and `NAME/tls.key`, as Kubernetes mounts secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wicketgate.ir.secrets import KeyPairSecret
from wicketgate.spec.installation import CertificatesSection


def find_certificates(project: Path, section: CertificatesSection) -> Mapping[str, KeyPairSecret]:
    """Return the certificates of the directory by name; whether they are right is seen when they are read."""
    if section.directory is None:
        return {}
    folder = project / section.directory
    found = sorted(folder.glob("*/tls.crt"))
    return {path.parent.name: KeyPairSecret(path.parent.name, path, path.with_name("tls.key")) for path in found}
