"""The private authority: a root that signs intermediates, which sign leaves (profile of RFC 5280)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from wicketgate.pki.certificate import Certificate, facts, parse_authorities, parsed, validity_problem
from wicketgate.pki.errors import BadCertificateError, CannotIssueError
from wicketgate.pki.extensions import USAGES
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.private_key import KeyAlgorithm, PrivateKey, key_text, load_key, new_key, public_der, signing_hash
from wicketgate.pki.profile import DAY, LeafProfile, check_common_name
from wicketgate.pki.request import load_request
from wicketgate.secret_value import SecretValue

ROOT_LIFE = 3650 * DAY
INTERMEDIATE_LIFE = 365 * DAY
BACKDATED = 300.0
"""Seconds that a certificate starts before now: a peer's clock may be behind ours."""

_USAGES_LEFT_OUT = {
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "encipher_only": False,
    "decipher_only": False,
}
# Section 4.2.1.3.
_AUTHORITY_USAGE = x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **_USAGES_LEFT_OUT)
_LEAF_USAGE = x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **_USAGES_LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA certificate and its key: a root, or an intermediate."""

    certificate: Certificate
    key: SecretValue = field(repr=False)
    """PKCS #8, PEM, not encrypted."""

    @property
    def is_root(self) -> bool:
        return self.certificate.is_self_issued

    def private_key(self) -> PrivateKey:
        return load_key(self.key.reveal().encode(), source=self.certificate.subject)


def parse_authority(certificate: str, key: SecretValue) -> Authority:
    """Return an authority from what was kept of it, in PEM. Raises `BadCertificateError` when they do not match."""
    (found, *others) = parse_authorities(certificate.encode(), source="private CA")
    authority = Authority(found, key)
    if others or public_der(authority.private_key()) != public_der(parsed(found)):
        raise BadCertificateError(
            f"private CA: the kept key and certificate ({found.subject}) do not belong together",
            hint="restore the state from a backup, or make a new authority: wicket ca init",
        )
    return authority


def create_root(
    name: str, *, now: float, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256, life: float = ROOT_LIFE
) -> Authority:
    """Return a new root with `name` as its common name; `life` in seconds."""
    check_common_name(name)
    key = new_key(algorithm)
    subject = _common_name(name)
    builder = _builder(subject, subject, key.public_key(), span=(now - BACKDATED, now + life))
    return Authority(_signed_authority(builder, key, path_length=None), key_text(key))


def create_intermediate(
    root: Authority,
    name: str,
    *,
    now: float,
    algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
    life: float = INTERMEDIATE_LIFE,
) -> Authority:
    """Return a new intermediate, which may sign leaves only (pathLenConstraint 0, section 4.2.1.9).

    Raises `CannotIssueError` when the root is not within its dates or not a root, or has that name itself.
    """
    check_common_name(name)
    if not root.is_root:
        raise CannotIssueError("an intermediate is signed by a root", hint="use the root's key")
    key, issuer, subject = new_key(algorithm), parsed(root.certificate), _common_name(name)
    if subject == issuer.subject:
        raise CannotIssueError(f"the root is called {name!r} already", hint="give the intermediate another name")
    span = _span(root.certificate, life, now)
    builder = _builder(subject, issuer.subject, key.public_key(), span=span)
    builder = builder.add_extension(authority_identifier(issuer), critical=False)
    return Authority(_signed_authority(builder, root.private_key(), path_length=0), key_text(key))


def issue(
    authority: Authority, profile: LeafProfile, *, now: float, algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256
) -> KeyPair:
    """Return a new key and its certificate, with what a peer needs up to the root and without the root.

    Raises `CannotIssueError` when the authority is not within its dates.
    """
    key = new_key(algorithm)
    return KeyPair(_issued(authority, profile, key.public_key(), now), key_text(key))


def sign_request(
    authority: Authority, request: bytes, profile: LeafProfile, *, now: float, source: str
) -> tuple[Certificate, ...]:
    """Sign the public key of a PKCS #10 request (RFC 2986, PEM), for those who keep their key; leaf first.

    The names come from `profile`: what the request says of names and extensions is not read. Raises
    `BadCertificateError` for a request that cannot be used, among others when its signature does not show that its
    sender has the key, and `CannotIssueError` as `issue` does.
    """
    return _issued(authority, profile, load_request(request, source=source).public_key(), now)


def _issued(
    authority: Authority, profile: LeafProfile, key: CertificatePublicKeyTypes, now: float
) -> tuple[Certificate, ...]:
    issuer = parsed(authority.certificate)
    span = _span(authority.certificate, profile.life, now)
    builder = _builder(_common_name(profile.common_name), issuer.subject, key, span=span)
    # Section 4.2.1.9 lets basicConstraints be there; some peers take its absence for "old enough to be a CA".
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_LEAF_USAGE, critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([USAGES[profile.purpose]]), critical=False)
    builder = builder.add_extension(authority_identifier(issuer), critical=False)
    names = profile.alternative_names()
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    leaf = _signed(builder, authority.private_key())
    return (leaf,) if authority.is_root else (leaf, authority.certificate)


def _span(issuer: Certificate, life: float, now: float) -> tuple[float, float]:
    """Return the first and last second, never outside the issuer's own."""
    problem = validity_problem(issuer, now)
    if problem:
        raise CannotIssueError(
            f"the issuer ({issuer.subject}) {problem}", hint="check the clock, or renew it: wicket ca rotate"
        )
    return max(now - BACKDATED, issuer.not_before), min(now + life, issuer.not_after)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, *, span: tuple[float, float]
) -> x509.CertificateBuilder:
    """Sections 4.1.2.2 (a random serial of 20 octets), 4.1.2.5 (dates) and 4.2.1.2 (subject key identifier)."""
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment(span[0]))
        .not_valid_after(moment(span[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed_authority(builder: x509.CertificateBuilder, key: PrivateKey, *, path_length: int | None) -> Certificate:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return _signed(builder.add_extension(_AUTHORITY_USAGE, critical=True), key)


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> Certificate:
    return facts(builder.sign(key, signing_hash(key)))


def authority_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Section 4.2.1.1."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def moment(seconds: float) -> datetime.datetime:
    """Return whole seconds, rounded down: dates have no fractions (section 4.1.2.5.2)."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
