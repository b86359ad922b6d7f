"""`wicket check` reads keys of service accounts before Google is asked with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from tests.providers.google_server import Google
from tests.providers.surroundings import Issuer
from tests.support.project import handler, operation, policy, write_project

ACCESS = "upstream-gcp-service-auth-inbound", "UpstreamGcpServiceAuthInboundPolicy"
SIGNED = "upstream-gcp-jwt-inbound", "UpstreamGcpJwtInboundPolicy"
FIREBASE = "upstream-firebase-admin-auth-inbound", "UpstreamFirebaseAdminAuthInboundPolicy"
ACCOUNT = json.loads(Google(Issuer()).account())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Three routes with one key in a variable."""
    written = {"serviceAccountJson": "$env(ACCOUNT)"}
    policies = [
        policy("access", *ACCESS, **written, audience="https://orders.example.com"),
        policy("signed", *SIGNED, **written, audience="https://orders.example.com"),
        policy("firebase", *FIREBASE, **written),
    ]
    route = handler("urlForwardHandler", baseUrl="https://orders.example.com")
    paths = {f"/{name}": {"get": operation(route, inbound=[name])} for name in ("access", "signed", "firebase")}
    return write_project(tmp_path / "shop", paths, policies=policies)


def _set(wicket: Wicket, shop: Path, value: str) -> None:
    answer = wicket("--project", shop, "env", "set", "ACCOUNT", "--secret", input=value)
    assert answer.exit_code == 0, answer.output


def test_a_key_that_is_one_is_no_message(wicket: Wicket, shop: Path) -> None:
    _set(wicket, shop, json.dumps(ACCOUNT))
    answer = wicket("--project", shop, "check")
    assert (answer.exit_code, "account-unusable" in answer.output) == (0, False), answer.output


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("canary-of-a-key", "is not JSON"),
        (json.dumps({**ACCOUNT, "client_email": 7}), "lacks one of type, client_email, private_key"),
        (json.dumps({**ACCOUNT, "type": "authorized_user"}), "is no key of a service account"),
        (json.dumps({**ACCOUNT, "private_key": "canary"}), "has a `private_key` that is none"),
    ],
)
def test_a_key_that_is_none_is_told_once_and_never_shown(wicket: Wicket, shop: Path, value: str, words: str) -> None:
    _set(wicket, shop, value)
    answer = wicket("--project", shop, "check", "--format", "json")
    assert answer.exit_code == 0, "the gateway can serve the other routes"
    (told,) = [each for each in json.loads(answer.stdout)["messages"] if each["code"] == "account-unusable"]
    assert told["message"] == f"google for orders.example.com: the service account's JSON {words}"
    assert told["file"] == "config/routes.oas.json"
    assert "canary" not in answer.output
    assert ACCOUNT["private_key"] not in answer.output
