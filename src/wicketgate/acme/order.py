"""Ordering one certificate: account, HTTP-01 challenges, certificate (RFC 8555 sections 7 and 8.3). Blocking calls."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.b64 import b64decode
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from josepy.util import ComparableECKey

from wicketgate.acme.errors import AcmeError
from wicketgate.errors import WicketError
from wicketgate.pki.key_pair import KeyPair, parse_key_pair
from wicketgate.pki.private_key import KeyAlgorithm, key_text, load_key, new_key
from wicketgate.secret_value import SecretValue

_AGENT = "wicketgate"
_TIMEOUT_SECONDS = 30
_ORDER_SECONDS = 180

Publish = Callable[[Mapping[str, str]], None]
"""Makes answers to challenges live, by token (RFC 8555 section 8.3); returns when the gateway gives them."""


@dataclass(frozen=True, slots=True)
class ExternalAccount:
    """What binds the account to one that the authority knows already (RFC 8555 section 7.3.4)."""

    key_id: str
    hmac_key: SecretValue
    """base64url, as authorities hand it out."""


@dataclass(frozen=True, slots=True)
class AcmeAuthority:
    """Where the authority is, and as whom we ask. `trust` are the roots that its own server is verified by, PEM."""

    directory: str
    trust: Path
    account_key: SecretValue
    email: str | None = None
    external_account: ExternalAccount | None = None


def new_account_key() -> SecretValue:
    """Return a fresh key for an account: EC P-256, which every authority takes (RFC 8555 section 6.2)."""
    return key_text(new_key(KeyAlgorithm.EC_P256))


def order_certificate(authority: AcmeAuthority, names: tuple[str, ...], publish: Publish) -> KeyPair:
    """Return a certificate for the DNS names with a new key. Raises `AcmeError` in the authority's own words."""
    with _told(authority.directory):
        acme = _client(authority)
        key = new_key(KeyAlgorithm.EC_P256)
        order = acme.new_order(_request(key, names))
        _answer(acme, order, publish)
        deadline = datetime.datetime.now() + datetime.timedelta(seconds=_ORDER_SECONDS)
        chain = acme.poll_and_finalize(order, deadline).fullchain_pem
    return parse_key_pair(
        chain.encode(), key_text(key).reveal().encode(), source=f"the answer of {authority.directory}"
    )


def renewal_time(authority: AcmeAuthority, certificate: str) -> float | None:
    """Ask when the authority wants a certificate (PEM) renewed (RFC 9773), in seconds since the epoch.

    None when it has no opinion. Raises `AcmeError`.
    """
    with _told(authority.directory):
        network = client.ClientNetwork(user_agent=_AGENT, timeout=_TIMEOUT_SECONDS, verify_ssl=_trust(authority))
        directory = client.ClientV2.get_directory(authority.directory, network)
        wanted, _ = client.ClientV2(directory, network).renewal_time(certificate.encode())
    return wanted.timestamp() if wanted else None


def _client(authority: AcmeAuthority) -> client.ClientV2:
    """Return a client with the account: the one that this key has, or a new one."""
    key = _jwk(authority)
    network = client.ClientNetwork(
        key, alg=ES256, user_agent=_AGENT, timeout=_TIMEOUT_SECONDS, verify_ssl=_trust(authority)
    )
    acme = client.ClientV2(client.ClientV2.get_directory(authority.directory, network), network)
    try:
        acme.new_account(_registration(authority, key, acme))
    except errors.ConflictError as known:
        account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
        acme.query_registration(account)
    return acme


def _registration(authority: AcmeAuthority, key: JWKEC, acme: client.ClientV2) -> messages.NewRegistration:
    account = authority.external_account
    binding = _binding(account, key, acme.directory) if account else None
    return messages.NewRegistration.from_data(
        email=authority.email, terms_of_service_agreed=True, external_account_binding=binding
    )


def _binding(account: ExternalAccount, key: JWKEC, directory: messages.Directory) -> dict[str, object]:
    hmac_key = account.hmac_key.reveal()
    try:
        b64decode(hmac_key)
    except ValueError:
        raise AcmeError(
            f"the HMAC key of the account {account.key_id} is not base64url", hint="set it as the authority gave it"
        ) from None
    return messages.ExternalAccountBinding.from_data(
        account_public_key=key.public_key(), kid=account.key_id, hmac_key=hmac_key, directory=directory
    )


def _answer(acme: client.ClientV2, order: messages.OrderResource, publish: Publish) -> None:
    found = [_http_challenge(each) for each in order.authorizations if each.body.status != messages.STATUS_VALID]
    answers = [(body, *body.response_and_validation(acme.net.key)) for body in found]
    publish({body.chall.encode("token"): text for body, _, text in answers})
    for body, response, _ in answers:
        acme.answer_challenge(body, response)


def _http_challenge(authorization: messages.AuthorizationResource) -> messages.ChallengeBody:
    for body in authorization.body.challenges:
        if isinstance(body.chall, challenges.HTTP01):
            return body
    name = authorization.body.identifier.value
    raise AcmeError(f"the authority offers no HTTP-01 challenge for {name}", hint="it is the one kind that is answered")


def _request(key: object, names: tuple[str, ...]) -> bytes:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("certificates are ordered for EC keys")
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return builder.add_extension(alternatives, False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _jwk(authority: AcmeAuthority) -> JWKEC:
    key = load_key(authority.account_key.reveal().encode(), source="the ACME account")
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AcmeError("the kept ACME account has another kind of key", hint="restore the state from a backup")
    return JWKEC(key=ComparableECKey(key))


def _trust(authority: AcmeAuthority) -> bool:
    # Declared as a yes or no, it is handed to requests, which takes the file of the roots as well.
    return cast(bool, str(authority.trust))


@contextmanager
def _told(directory: str) -> Iterator[None]:
    """Turn what the library raises into words for people.

    It reads an answer of the wrong shape with KeyError, TypeError and more; none of them may end the gateway.
    """
    try:
        yield
    except WicketError:
        raise
    except errors.ValidationError as error:
        raise AcmeError(_validation_words(error), hint="is port 80 of these names led to this gateway?") from None
    except messages.Error as error:
        raise AcmeError(f"{directory} answers: {error.detail or error.typ}", hint=_hint(error)) from None
    except errors.Error as error:
        raise AcmeError(f"{directory}: {_plain(error)}", hint="the gateway tries again by itself") from None
    except (requests.RequestException, ValueError) as error:
        raise AcmeError(
            f"cannot talk to {directory}: {type(error).__name__}",
            hint="check its address, the way there, and [acme] ca",
        ) from None
    except Exception as error:
        raise AcmeError(
            f"{directory} does not answer as RFC 8555 has it: {_plain(error)}",
            hint="is this the address of the authority's directory?",
        ) from None


def _validation_words(error: errors.ValidationError) -> str:
    faults = [
        f"{each.body.identifier.value}: {body.error.detail}"
        for each in error.failed_authzrs
        for body in each.body.challenges
        if body.error is not None
    ]
    return f"the authority could not see that the names are ours: {'; '.join(faults) or 'no reason given'}"


def _hint(error: messages.Error) -> str:
    if error.code == "externalAccountRequired":
        return "ask the authority for a key: [acme] external_account_key_id and external_account_variable"
    if error.code == "rateLimited":
        return "the gateway tries again by itself, ever more slowly"
    return "the gateway tries again by itself"


def _plain(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
