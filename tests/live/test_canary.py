"""The secret is nowhere but on the wire to the origin and in Envoy's memory (threat D6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live.conftest import ENVOY, Origin, Running, running
from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import open_store
from wicketgate.supervise.unix_http import unix_request

CANARY = "canary-51b0c9d7e2f84a6e"
_ADMIN = (
    "/config_dump",
    "/config_dump?include_eds",
    "/clusters?format=json",
    "/listeners",
    "/stats",
    "/server_info",
    "/certs",
    "/init_dump",
    "/memory",
    "/runtime",
)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_zero_hits(project: Path, origin: Origin, level: str) -> None:
    origin.accepted.write_text(f"{CANARY}\n")
    (project / ".env").unlink()
    store = open_store(project / ".wicket")
    store.set("BACKEND_SECRET", SecretValue(CANARY), Secrecy.SECRET, ["production"])
    toml = f'[envoy]\nconcurrency = 1\n[log]\nlevel = "{level}"\naccess = "access.log"\n'
    (project / "wicket.toml").write_text(toml)
    with running(project) as gateway:
        shown = [gateway.get("/hello")[1], gateway.get(f"/nope?q={CANARY[:3]}")[1]]
        assert gateway.get("/hello")[0] == 200
        shown += told(gateway, "wicketgate.proof.backend-secret")
        shown += [json.dumps(gateway.status()), json.dumps(gateway.reload())]
        shown += processes(gateway)
    files = [file for file in project.rglob("*") if file.is_file()]
    assert any(file.name == "access.log" and "/hello" in file.read_text() for file in files)
    shown += [file.read_bytes().decode(errors="replace") for file in files]
    assert [index for index, text in enumerate(shown) if CANARY in text] == []


def told(gateway: Running, proof: str) -> list[str]:
    """Return what the gateway and Envoy say to whoever may ask them."""
    shown = [gateway.get(path, private=True)[1] for path in ("/metrics", "/healthz", "/readyz")]
    admin = gateway.project / ".wicket/run/admin.sock"
    dump = unix_request(admin, "GET", "/config_dump").body.decode()
    assert proof in dump, "the dump does not even show the proof: look elsewhere"
    return [*shown, *(unix_request(admin, "GET", path).body.decode(errors="replace") for path in _ADMIN)]


def processes(gateway: Running) -> list[str]:
    pids = (gateway.process.pid, gateway.child("wicketgate.control"), gateway.child(ENVOY))
    facts = (Path(f"/proc/{pid}/{file}") for pid in pids for file in ("cmdline", "environ"))
    return [fact.read_bytes().decode(errors="replace") for fact in facts]
