"""The certificates of an installation as the gateway uses them in one environment."""

from __future__ import annotations

from wicketgate.certificates.live import LiveCertificates, open_certificates
from wicketgate.certificates.values import Authorities, Certificates, CertificateValues, PemKeyPair

__all__ = ["Authorities", "CertificateValues", "Certificates", "LiveCertificates", "PemKeyPair", "open_certificates"]
