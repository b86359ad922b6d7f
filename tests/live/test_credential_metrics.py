"""What is measured of credentials and clocks, as Prometheus reads it."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live.conftest import Running, running, until
from tests.live.token_provider import provider
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project

OAUTH = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"
AHEAD = 120.0


def _measured(gateway: Running) -> dict[tuple[str, str], float]:
    """Return our metrics of credentials, by name and outcome, and the drift of clocks by provider."""
    text = gateway.get("/metrics", private=True)[1]
    ours = text.partition("# TYPE envoy_")[0]
    samples = [sample for family in text_string_to_metric_families(ours) for sample in family.samples]
    found = {}
    for each in samples:
        if each.name.startswith("wicket_credential_"):
            assert (each.labels["kind"], each.labels["destination"]) == ("oauth", "orders.example.com")
            assert each.labels["name"].startswith("oauth/orders.example.com/")
            found[each.name, each.labels.get("outcome", "")] = each.value
        if each.name == "wicket_clock_drift_seconds":
            found[each.name, each.labels["provider"]] = each.value
    return found


def test_credentials_and_clocks_are_measured(tmp_path: Path) -> None:
    """A provider whose clock is two minutes behind fails, and then gives."""
    with provider(life=3600.0) as identity:
        inner = identity.server.reply

        def dated(seen: Seen) -> bytes:
            head, _, rest = inner(seen).partition(b"\r\n")
            return head + b"\r\ndate: %s\r\n" % formatdate(time.time() - AHEAD, usegmt=True).encode() + rest

        identity.server.reply, identity.down = dated, 503
        client = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(KEY)", "audience": "orders"}
        route = operation(handler("urlForwardHandler", baseUrl="https://orders.example.com"), inbound=["token"])
        write_project(tmp_path, {"/a": {"get": route}}, policies=[policy("token", *OAUTH, **client)])
        (tmp_path / ".env").write_text("KEY=a-key-that-is-long-enough\n")
        with running(tmp_path) as gateway:
            found = _measured(gateway)
            assert found["wicket_credential_held", ""] == 0
            assert found["wicket_credential_attempts_total", "failed"] >= 1
            assert found["wicket_credential_attempts_total", "obtained"] == 0
            assert ("wicket_credential_expiry_timestamp_seconds", "") not in found
            assert found["wicket_clock_drift_seconds", "127.0.0.1"] == pytest.approx(AHEAD, abs=3)
            assert "set it by NTP" in gateway.err.read_text()
            identity.down = 0
            until(lambda: gateway.status()["ready"])
            found = _measured(gateway)
            assert found["wicket_credential_held", ""] == 1
            assert found["wicket_credential_attempts_total", "obtained"] == 1
            ends = found["wicket_credential_expiry_timestamp_seconds", ""]
            assert ends == pytest.approx(time.time() + 3600, abs=20)


def test_no_credentials_measure_nothing(tmp_path: Path) -> None:
    with RecordingOrigin() as api:
        route = operation(handler("urlForwardHandler", baseUrl=api.url))
        with running(write_project(tmp_path, {"/a": {"get": route}})) as gateway:
            assert _measured(gateway) == {}
