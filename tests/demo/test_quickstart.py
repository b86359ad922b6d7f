"""The quickstart project and `wicket init`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from wicketgate.demo.quickstart import OverwriteError, create_project, new_secret, quickstart_folder

POLICY = {
    "name": "set-backend-secret",
    "policyType": "set-headers-inbound",
    "handler": {
        "export": "SetHeadersInboundPolicy",
        "module": "$import(@zuplo/runtime)",
        "options": {"headers": [{"name": "backend-secret", "value": "$env(BACKEND_SECRET)"}]},
    },
}


def test_the_quickstart_holds_exactly_the_recipe() -> None:
    policies = json.loads((quickstart_folder() / "config" / "policies.json").read_text())
    assert policies == {"policies": [POLICY]}


def test_a_new_project_is_complete_and_its_secret_private(tmp_path: Path) -> None:
    secret = new_secret()
    files = create_project(tmp_path / "shop", secret=secret, origin_url="http://127.0.0.1:9000")
    for file in files:
        assert (tmp_path / "shop" / file).is_file()
    env = tmp_path / "shop" / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert f"BACKEND_SECRET={secret.reveal()}" in env.read_text()
    assert ".env" in (tmp_path / "shop" / ".gitignore").read_text().splitlines()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    mine = tmp_path / "config" / "policies.json"
    mine.write_text("mine")
    with pytest.raises(OverwriteError, match=r"policies\.json"):
        create_project(tmp_path, secret=new_secret(), origin_url="http://127.0.0.1:9000")
    assert mine.read_text() == "mine"
    assert not (tmp_path / ".env").exists()


def test_two_secrets_differ_and_do_not_print() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.reveal() not in f"{first} {first!r}"
    assert len(first.reveal()) == 64
