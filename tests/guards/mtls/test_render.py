"""What can and cannot be put into a printed mutual TLS configuration, and how the command asks for it."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from tests.guards.mtls.stands import MTLS_STANDS
from wicketgate.cli.app import app
from wicketgate.guards import GuardConfigError
from wicketgate.guards.mtls import MTLS_SERVERS, MtlsConfig, render_mtls

_SAN = "URI:spiffe://wicket.test/gateway/orders"


def test_each_server_has_a_stand() -> None:
    assert sorted(MTLS_STANDS) == list(MTLS_SERVERS)
    assert MTLS_SERVERS == ("apache", "caddy", "envoy", "haproxy", "hypercorn", "nginx", "node", "uvicorn")


@pytest.mark.parametrize("server", MTLS_SERVERS)
def test_every_choice_reaches_the_text(server: str) -> None:
    stand = MTLS_STANDS[server]
    crl = "/run/guard/revoked" if stand.reads_crl else None
    config = MtlsConfig(
        san="DNS:gw.wicket.test",
        listen="0.0.0.0:9443",
        upstream=None if stand.runs_application else "app.internal:9001",
        ca="/run/guard/authorities",
        certificate="/run/guard/own",
        key="/run/guard/own-key",
        crl=crl,
    )
    text = render_mtls(server, config)
    wanted = ["gw.wicket.test", "9443", "/run/guard/authorities", "/run/guard/own", "/run/guard/own-key", crl or ""]
    assert [word for word in wanted if word not in text] == []
    assert stand.runs_application or "app.internal" in text
    assert re.search("@[a-z_]+@", text) is None
    assert ("Revocation is not checked" in text) == (crl is None)
    assert render_mtls(server, config) == text


@pytest.mark.parametrize("server", MTLS_SERVERS)
def test_the_top_says_who_gets_in(server: str) -> None:
    assert f"only {_SAN} of our own authority" in render_mtls(server, MtlsConfig(san=_SAN)).splitlines()[0]


@pytest.mark.parametrize(
    "san",
    [
        "",
        "gateway",
        "IP:10.0.0.1",
        "URI:",
        "DNS:",
        "DNS:*.wicket.test",
        "DNS:Gateway.test",
        "DNS:a..b",
        "DNS:-a",
        "URI:spiffe://a/b, URI:c",
        "URI:spiffe://a/b c",
        "URI:spiffe://a/'",
        'URI:spiffe://a/"',
        "URI:spiffe://a/$b",
        "URI:spiffe://a/b\n",
        "URI:spiffe://a/@b@",
        "DNS:é.test",
    ],
)
def test_name_that_a_configuration_cannot_carry(san: str) -> None:
    with pytest.raises(GuardConfigError, match="san"):
        MtlsConfig(san=san)


@pytest.mark.parametrize("path", ["relative", "/with space", "/a;b", "/a\nb", "/$(id)", "/a'b", "/"])
@pytest.mark.parametrize("field", ["ca", "certificate", "key", "crl"])
def test_path_that_a_configuration_cannot_carry(field: str, path: str) -> None:
    with pytest.raises(GuardConfigError, match=field):
        MtlsConfig(**{"san": _SAN, field: path})


@pytest.mark.parametrize("field", ["listen", "upstream"])
def test_address_that_is_none(field: str) -> None:
    with pytest.raises(GuardConfigError, match=f"{field}: .* is not HOST:PORT"):
        MtlsConfig(**{"san": _SAN, field: "a:1;"})


def test_what_a_server_cannot_do() -> None:
    with pytest.raises(GuardConfigError, match="caddy cannot check revocation"):
        render_mtls("caddy", MtlsConfig(san=_SAN, crl="/etc/crl.pem"))
    with pytest.raises(GuardConfigError, match="uvicorn runs the application itself"):
        render_mtls("uvicorn", MtlsConfig(san=_SAN, upstream="127.0.0.1:8000"))
    with pytest.raises(GuardConfigError, match="iis") as refused:
        render_mtls("iis", MtlsConfig(san=_SAN))
    assert "nginx" in refused.value.hint


def test_the_command() -> None:
    files = {"ca": "/g/ca", "certificate": "/g/crt", "key": "/g/key", "crl": "/g/crl"}
    options = [word for name, path in files.items() for word in (f"--{name}", path)]
    run = CliRunner().invoke(
        app, ["guard", "nginx", "--mtls", "--san", _SAN, *options, "--listen", "[::1]:9443", "--upstream", "app:1"]
    )
    config = MtlsConfig(san=_SAN, listen="[::1]:9443", upstream="app:1", **files)
    assert (run.exit_code, run.stdout) == (0, render_mtls("nginx", config))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mtls"], "--mtls needs --san"),
        (["--mtls", "--san", _SAN, "--observe"], "--observe does not go with --mtls"),
        (["--mtls", "--san", _SAN, "--header", "x-a"], "--header does not go with --mtls"),
        (["--mtls", "--san", _SAN, "--secret-file", "/a"], "--secret-file does not go with --mtls"),
        (["--san", _SAN], "--san needs --mtls"),
        (["--ca", "/a"], "--ca needs --mtls"),
        (["--crl", "/a"], "--crl needs --mtls"),
    ],
)
def test_options_without_effect_are_refused(options: list[str], said: str) -> None:
    run = CliRunner().invoke(app, ["guard", "nginx", *options])
    assert run.exit_code == 2
    assert said in run.stderr
