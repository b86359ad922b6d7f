"""What can and cannot be put into a printed guard."""

from __future__ import annotations

import re

import pytest
import yaml

from wicketgate.guards import SERVERS, GuardConfig, GuardConfigError, render
from wicketgate.guards.mtls import MtlsConfig, render_mtls
from wicketgate.guards.token import TokenConfig, render_token


def test_the_servers_are_those_of_the_folder() -> None:
    assert SERVERS == ("apache", "caddy", "envoy", "haproxy", "nginx")


@pytest.mark.parametrize("server", SERVERS)
def test_every_choice_reaches_the_text(server: str) -> None:
    config = GuardConfig(
        header="x-origin-proof",
        listen="0.0.0.0:9443",
        upstream="app.internal:9001",
        secret_file="/run/guard/proof",
    )
    text = render(server, config)
    assert "x-origin-proof" in text
    assert "9443" in text
    assert "app.internal" in text
    assert "/run/guard/proof" in text
    assert "OBSERVE:" not in text
    assert re.search("@[a-z_]+@", text) is None
    assert render(server, config) == text


@pytest.mark.parametrize("server", SERVERS)
def test_observe_is_said_at_the_top(server: str) -> None:
    assert "# OBSERVE: everything is let through" in render(server, GuardConfig(mode="observe")).splitlines()[1]


def test_aliases_are_all_the_other_spellings() -> None:
    assert GuardConfig(header="a-b-c").aliases == ("a-b_c", "a_b-c", "a_b_c")
    assert GuardConfig(header="authorization").aliases == ()


@pytest.mark.parametrize(
    "header", ["", "Backend-Secret", "backend_secret", "a b", "a\nb", 'a"', "a-", "a-b-c-d-e-f", "é"]
)
def test_header_that_a_configuration_cannot_carry(header: str) -> None:
    with pytest.raises(GuardConfigError, match="header"):
        GuardConfig(header=header)


@pytest.mark.parametrize(
    "address", ["", "8080", "host", "host:0", "host:65536", "a b:1", "a:1;", "a:1\n", "http://a:1"]
)
@pytest.mark.parametrize("field", ["listen", "upstream"])
def test_address_that_is_none(field: str, address: str) -> None:
    with pytest.raises(GuardConfigError, match=f"{field}: .* is not HOST:PORT"):
        GuardConfig(**{field: address})  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["relative", "/with space", "/a;b", "/a\nb", "/$(id)", "/a'b", "/"])
def test_secret_file_that_a_configuration_cannot_carry(path: str) -> None:
    with pytest.raises(GuardConfigError, match="secret_file"):
        GuardConfig(secret_file=path)


def test_unknown_mode_and_server() -> None:
    with pytest.raises(GuardConfigError, match="mode"):
        GuardConfig(mode="off")  # type: ignore[arg-type]
    with pytest.raises(GuardConfigError, match="iis") as refused:
        render("iis", GuardConfig())
    assert "nginx" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(render("envoy", GuardConfig()), id="secret"),
        pytest.param(render_mtls("envoy", MtlsConfig(san="DNS:gateway.example.com")), id="mtls"),
        pytest.param(
            render_token("envoy", TokenConfig(issuer="https://gateway.example.com/i", audience="orders")), id="token"
        ),
    ],
)
def test_envoy_finds_an_origin_that_has_a_name_and_listens_on_ipv4_alone(text: str) -> None:
    """Envoy's own choice is IPv6 alone wherever the name has such an address, as `localhost` mostly has."""
    clusters = yaml.safe_load(text)["static_resources"]["clusters"]
    (origin,) = [cluster for cluster in clusters if cluster["name"] == "wicketgate_origin"]
    assert origin["dns_lookup_family"] == "V4_PREFERRED"
