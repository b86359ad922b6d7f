"""`wicket.toml`: the installation. Every field has a safe default; an empty file is a gateway on loopback."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

_ADDRESS = re.compile(r"^(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+|localhost|\*)):(?P<port>[0-9]{1,5})$")

_DNS_NAME = re.compile(r"(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(?!-)[A-Za-z][A-Za-z0-9-]{0,62}(?<!-)")


def split_address(text: str) -> tuple[str, int]:
    """Split `ADDR:PORT` (IPv6 in brackets, `*` for all, `localhost` for 127.0.0.1) into its parts.

    Raises `ValueError` with what a right one looks like.
    """
    match = _ADDRESS.match(text)
    if not match or int(match["port"]) > 65535:
        raise ValueError(f"`{text}` is not ADDR:PORT, such as 127.0.0.1:8080 or [::1]:8443")
    host = match["v6"] or {"*": "0.0.0.0", "localhost": "127.0.0.1"}.get(match["v4"], match["v4"])  # noqa: S104
    return str(ipaddress.ip_address(host)), int(match["port"])


def _valid_address(text: str) -> str:
    split_address(text)
    return text


Address = Annotated[str, AfterValidator(_valid_address)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _valid_path(text: str) -> str:
    if not text or any(ord(char) < 32 for char in text):
        raise ValueError("this is not the name of a file")
    return text


FileName = Annotated[str, AfterValidator(_valid_path)]
"""A file, relative to the project unless it starts with a slash."""


def _valid_dns_name(text: str) -> str:
    if not _DNS_NAME.fullmatch(text) or len(text) > 253:
        raise ValueError(f"`{text}` is not a DNS name such as api.example.com")
    return text.lower()


DnsName = Annotated[str, AfterValidator(_valid_dns_name)]
"""A host name with at least one dot, in lower case."""


class Section(BaseModel):
    """The base of every table: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ListenerCertificate(Section):
    """One of the listener's own certificates: two files, or the name of one that is kept elsewhere."""

    certificate: FileName | None = None
    """PEM file with the chain, relative to the project."""
    key: FileName | None = None
    """PEM file with the private key, relative to the project."""
    name: str | None = None
    """A certificate of the certificate directory or of the store, in place of the two files."""

    @model_validator(mode="after")
    def _one_place(self) -> ListenerCertificate:
        if (self.certificate is None) != (self.key is None) or (self.name is None) == (self.key is None):
            raise ValueError("name two files, `certificate` and `key`, or a stored certificate by its `name`")
        return self


class ListenerTLS(Section):
    """The certificates that callers are shown: one, or several of which the name asked for (SNI) chooses."""

    certificate: FileName | None = None
    """PEM file with the chain, relative to the project."""
    key: FileName | None = None
    """PEM file with the private key, relative to the project."""
    certificates: tuple[ListenerCertificate, ...] = ()
    """Several certificates, in place of the two files. Callers that ask for no name that one of them has get the
    first."""

    @model_validator(mode="after")
    def _one_form(self) -> ListenerTLS:
        pair = self.certificate is not None and self.key is not None
        alone = self.certificate is not None or self.key is not None
        if pair == bool(self.certificates) or pair != alone:
            raise ValueError("name two files, `certificate` and `key`, or list `certificates`")
        return self

    @property
    def shown(self) -> tuple[ListenerCertificate, ...]:
        """Both ways of writing it as one; the first is the default."""
        return self.certificates or (ListenerCertificate(certificate=self.certificate, key=self.key),)


class ListenerSection(Section):
    """One address that callers connect to."""

    address: Address = "127.0.0.1:8080"
    """`ADDR:PORT`; IPv6 in brackets."""
    tls: ListenerTLS | None = None
    """Serve TLS (1.2 and 1.3), HTTP/1.1 and HTTP/2 by ALPN; without it plain HTTP/1.1 and h2c."""
    http3: bool = True
    """With TLS: also serve HTTP/3 on the same port over UDP and announce it."""


class AdminSection(Section):
    """The private listener: `/metrics`, `/healthz`, `/readyz`. Never put it on a public address."""

    address: Address = "127.0.0.1:0"
    """Port 0 takes a free one, so that two gateways on one machine do not meet; `wicket run` prints it."""


class LogSection(Section):
    """What is written, and where."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Level of the gateway's own log, on standard error. `debug` has each connection in it, with the TLS alerts that it
    got, and nothing of what is sent over it."""
    access: FileName = "stdout"
    """JSON access log, a line a request: `stdout`, `stderr`, `off`, or a file relative to the project."""


class LimitsSection(Section):
    """What one gateway takes from its callers at once."""

    connections: Annotated[int, Field(ge=1, le=2**32 - 1)] = 50_000
    """Open connections from callers; the next one is closed."""
    request_headers_kb: Annotated[int, Field(ge=1, le=8192)] = 60
    """Size of a request's headers; more is 431."""
    header_timeout: Seconds = 10
    """Seconds a caller has to send the headers of a request."""
    idle_timeout: Seconds = 300
    """Seconds without a byte in either direction after which a request ends."""


class EnvoySection(Section):
    """The data plane."""

    concurrency: Annotated[int, Field(ge=0, le=1024)] = 0
    """Worker threads; 0 is one a core."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 10
    """How long requests in flight may take after a stop."""


class CertificatesSection(Section):
    """Certificates that the gateway shows to origins, as files."""

    directory: FileName | None = None
    """A folder with `NAME/tls.crt` and `NAME/tls.key` (as Kubernetes mounts them), relative to the project. Changed
    files are live at once."""


class AcmeSection(Section):
    """A certificate for listeners from an authority that speaks ACME (RFC 8555), such as Let's Encrypt or step-ca.

    The authority asks for `http://NAME/.well-known/acme-challenge/…` on port 80, which must lead to a listener of this
    gateway without TLS."""

    names: Annotated[tuple[DnsName, ...], Field(min_length=1, max_length=100)]
    """The DNS names of the certificate."""
    agree_to_terms: Literal[True]
    """You agree to the authority's terms of service."""
    directory: Annotated[str, Field(pattern=r"^https://[!-~]+$")] = "https://acme-v02.api.letsencrypt.org/directory"
    """The authority's directory."""
    name: str = "acme"
    """What listeners call the certificate: `tls = { certificates = [{ name = "acme" }] }`."""
    email: str | None = None
    """Where the authority may write to."""
    ca: FileName | None = None
    """PEM file with the roots of the authority's own server, relative to the project, where the system has them not."""
    external_account_key_id: str | None = None
    """The key id of an account that the authority has given you, with `external_account_variable`."""
    external_account_variable: str | None = None
    """The variable that holds the HMAC key (base64url) of that account."""

    @model_validator(mode="after")
    def _both_or_none(self) -> AcmeSection:
        if (self.external_account_key_id is None) != (self.external_account_variable is None):
            raise ValueError("`external_account_key_id` and `external_account_variable` belong together")
        return self


class IssuerSection(Section):
    """The gateway as an OpenID Connect issuer: it signs tokens for origins and clouds, which verify them by the keys
    that it publishes at `URL/BASE_PATH/.well-known/`."""

    url: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\[\]:-]+$")]
    """Where callers reach this gateway, such as `https://gateway.example.com`; plain http on loopback only."""
    base_path: Annotated[str, Field(pattern=r"^(?:/[A-Za-z0-9._~-]+)+$")] = "/__zuplo/issuer"
    """The path of the issuer. The same documents are at `/__wicket/issuer` too."""
    algorithm: Literal["ES256", "RS256", "EdDSA"] = "ES256"
    """What tokens are signed with: the issuer page of the guide says which cloud takes what."""
    installation: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = None
    """What sets this gateway apart from every other, in claims and subjects; made once by chance if it is left out."""
    token_expiration: Annotated[float, Field(ge=10, le=3600)] = 300
    """Seconds that a token lives, where its policy does not say."""
    rotate_after: Annotated[float, Field(ge=60)] = 30 * 86_400
    """Seconds after which the next key signs."""
    publish_ahead: Annotated[float, Field(ge=0)] = 86_400
    """Seconds for which a key is published before it signs: longer than anybody caches keys, and at least 300 unless
    `url` is plain http."""

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        host = urlsplit(url).hostname or ""
        if url.startswith("http://") and host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("an issuer is reached over https; plain http is for loopback only")
        return url

    @field_validator("base_path")
    @classmethod
    def _reachable(cls, path: str) -> str:
        if {".", ".."} & set(path.split("/")):
            raise ValueError("callers and Envoy resolve `.` and `..`: nobody would ever ask for this path")
        return path

    @model_validator(mode="after")
    def _outlasts_caches(self) -> IssuerSection:
        # Guards and libraries keep keys for five minutes, and ask for one that they do not know at a bounded rate.
        if self.url.startswith("https://") and self.publish_ahead < 300:
            raise ValueError("`publish_ahead` must be 300 or more: origins keep the keys that they know for as long")
        return self

    @property
    def issuer(self) -> str:
        """The `iss` of tokens."""
        return f"{self.url}{self.base_path}"


class ClientAuthoritySection(Section):
    """Certificate authorities that vouch for callers, as files; those of the store (`wicket ca-certificate`) count
    too. Changed files are live at once."""

    certificate: FileName
    """PEM file, relative to the project. Name what issues the certificates itself, an intermediate for example."""
    crl: FileName | None = None
    """PEM file with its revocation list, relative to the project."""


class Installation(Section):
    """The whole of `wicket.toml`."""

    listeners: Annotated[tuple[ListenerSection, ...], Field(min_length=1)] = (ListenerSection(),)
    admin: AdminSection = AdminSection()
    log: LogSection = LogSection()
    limits: LimitsSection = LimitsSection()
    envoy: EnvoySection = EnvoySection()
    certificates: CertificatesSection = CertificatesSection()
    client_authorities: tuple[ClientAuthoritySection, ...] = ()
    acme: AcmeSection | None = None
    issuer: IssuerSection | None = None

    @field_validator("listeners")
    @classmethod
    def _apart(cls, listeners: tuple[ListenerSection, ...]) -> tuple[ListenerSection, ...]:
        taken = [split_address(listener.address) for listener in listeners]
        twice = [address for address in taken if address[1] and taken.count(address) > 1]
        if twice:
            raise ValueError(f"two listeners have the address {twice[0][0]} and the port {twice[0][1]}")
        return listeners
