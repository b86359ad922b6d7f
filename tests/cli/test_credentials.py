"""`wicket credentials`: what a gateway that runs holds, in words and in JSON, and the exit code that scripts use."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from tests.live.conftest import Running, running, until
from tests.live.token_provider import Provider, provider
from tests.support.project import handler, operation, policy, write_project

OAUTH = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"


@pytest.fixture
def identity() -> Iterator[Provider]:
    with provider(life=3600.0) as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, identity: Provider) -> Path:
    client = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(KEY)", "audience": "orders"}
    route = handler("urlForwardHandler", baseUrl="https://orders.example.com")
    routes = {"/orders": {"get": operation(route, inbound=["token"])}, "/open": {"get": operation(route)}}
    write_project(tmp_path / "shop", routes, policies=[policy("token", *OAUTH, **client)])
    (tmp_path / "shop" / ".env").write_text("KEY=a-key-that-is-long-enough\n")
    return tmp_path / "shop"


@pytest.fixture
def gateway(shop: Path) -> Iterator[Running]:
    with running(shop) as found:
        yield found


def _rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_what_is_held_is_listed_without_its_value(
    wicket: Wicket, shop: Path, gateway: Running, identity: Provider
) -> None:
    until(lambda: gateway.status()["ready"])
    result = wicket("credentials", "--project", shop)
    assert (result.exit_code, _rows(result.stdout)) == (0, [["oauth", "orders.example.com", "held", "in 60 min", ""]])
    told = wicket("credentials", "--project", shop, "--format", "json")
    assert told.exit_code == 0
    (found,) = json.loads(told.stdout)
    assert found["name"].startswith("oauth/orders.example.com/")
    assert found["expiresAt"] == pytest.approx(time.time() + 3600, abs=30)
    assert found["nextAttempt"] < found["expiresAt"] - 290
    facts = {name: found[name] for name in ("kind", "destination", "state", "problem", "hint", "attempts", "failures")}
    assert facts == {
        "kind": "oauth",
        "destination": "orders.example.com",
        "state": "held",
        "problem": "",
        "hint": "",
        "attempts": 1,
        "failures": 0,
    }
    assert identity.issued[0] not in result.stdout + told.stdout


def test_what_is_missing_is_told_with_the_reason(
    wicket: Wicket, shop: Path, identity: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    identity.down = 503
    with running(shop):
        result = wicket("credentials", "--project", shop)
        ((_, _, state, ends, problem),) = _rows(result.stdout)
        assert (result.exit_code, ends) == (1, "-")
        assert state in ("waiting", "missing")
        assert problem == "temporarily_unavailable: back in a minute (status 503)"
        told = wicket("credentials", "--project", shop, "--format", "json")
        assert told.exit_code == 1
        assert json.loads(told.stdout)[0]["expiresAt"] is None
        until(lambda: "missing" in wicket("credentials", "--project", shop).stdout, every=0.2)
        identity.down = 0
        until(lambda: wicket("credentials", "--project", shop).exit_code == 0, every=0.2)


def test_a_value_that_ends_soon_is_told_in_seconds(wicket: Wicket, shop: Path, identity: Provider) -> None:
    identity.life = 60.0
    with running(shop) as gateway:
        until(lambda: gateway.status()["ready"])
        ((*_, ends, _),) = _rows(wicket("credentials", "--project", shop).stdout)
        assert ends.startswith("in ")
        assert ends.endswith(" s")


def test_a_gateway_without_credentials_lists_none(wicket: Wicket, tmp_path: Path) -> None:
    write_project(tmp_path, {"/open": {"get": operation(handler("urlForwardHandler", baseUrl="https://a.example"))}})
    with running(tmp_path):
        result = wicket("credentials", "--project", tmp_path)
        assert (result.exit_code, result.stdout) == (0, "")
        assert json.loads(wicket("credentials", "--project", tmp_path, "--format", "json").stdout) == []


def test_no_gateway_exits_3_with_a_hint(wicket: Wicket, shop: Path) -> None:
    result = wicket("credentials", "--project", shop)
    assert result.exit_code == 3
    assert "no gateway runs" in result.stderr
    assert "wicket run" in result.stderr
