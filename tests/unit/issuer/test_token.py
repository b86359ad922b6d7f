"""Keys, subjects and tokens, beside libraries that had no part in making them."""

from __future__ import annotations

import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from wicketgate.issuer.documents import KEYS_PATH, key_set, metadata
from wicketgate.issuer.identity import LONGEST_SUBJECT, Identity
from wicketgate.issuer.keys import Algorithm, new_key, published
from wicketgate.issuer.token import OUR_CLAIMS, Signer, Wanted

# RFC 9864 gives EdDSA on Ed25519 a name of its own, which hardly any verifier knows yet.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

US = Identity("https://gateway.example.com/__zuplo/issuer", "berlin", "shop", "production")
WANTED = Wanted("orders", "orders.example.com", 300, {"tier": "gold"})


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_another_library_names_and_takes_the_key(algorithm: Algorithm) -> None:
    keys = [new_key(algorithm), new_key(algorithm)]
    read = KeySet.import_key_set(json.loads(key_set(keys)))
    assert [key.thumbprint() for key in read.keys] == [key.kid for key in keys]
    token = jwt.decode(Signer.of(keys[1]).sign(US, WANTED, now=1000).reveal(), read, algorithms=[algorithm.value])
    assert token.header == {"alg": algorithm.value, "typ": "JWT", "kid": keys[1].kid}
    assert (token.claims["nbf"], token.claims["iat"], token.claims["exp"]) == (970, 1000, 1300)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_nothing_private_is_published_or_shown(algorithm: Algorithm) -> None:
    key = new_key(algorithm)
    assert set(published(key)) <= {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}
    assert "PRIVATE" not in repr(key)
    assert "private" not in repr(Signer.of(key)).lower()


def test_claims_of_others_never_replace_ours() -> None:
    key = new_key(Algorithm.ES256)
    forged = Wanted("orders", "orders.example.com", 300, dict.fromkeys(OUR_CLAIMS, "forged"))
    read = KeySet.import_key_set(json.loads(key_set([key])))
    claims = jwt.decode(Signer.of(key).sign(US, forged, now=1000).reveal(), read, algorithms=["ES256"]).claims
    assert "forged" not in claims.values()
    assert set(claims) == OUR_CLAIMS


def test_each_token_has_a_number_of_its_own() -> None:
    key = new_key(Algorithm.ES256)
    read = KeySet.import_key_set(json.loads(key_set([key])))
    signer = Signer.of(key)
    found = [jwt.decode(signer.sign(US, WANTED, now=1000).reveal(), read, algorithms=["ES256"]) for _ in range(5)]
    assert len({token.claims["jti"] for token in found}) == 5


def test_a_subject_is_of_one_installation_and_one_origin() -> None:
    sibling = Identity(US.url, "paris", US.project, US.environment)
    long = [f"{'a' * 200}-{number}.example.com" for number in range(2)]
    subjects = [each.subject(origin) for each in (US, sibling) for origin in ("a.example.com", "b.example.com", *long)]
    assert len(set(subjects)) == len(subjects)
    assert max(len(subject.encode()) for subject in subjects) <= LONGEST_SUBJECT


def test_the_metadata_is_complete() -> None:
    """OpenID Connect Discovery 1.0 section 3 demands these of an issuer at which nobody logs in."""
    found = json.loads(metadata(US.url, [new_key(Algorithm.ES256), new_key(Algorithm.RS256)]))
    assert found["issuer"] == US.url
    assert found["jwks_uri"] == US.url + KEYS_PATH
    assert found["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]
    assert found["subject_types_supported"] == ["public"]
    assert found["response_types_supported"] == ["id_token"]
