"""A project on the real Envoy, and raw requests to it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.envoy import RunningEnvoy, running
from tests.support.known_certificates import KnownCertificates
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.ir.secrets import TextSecret, VariableRef


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Gateway:
    envoy: RunningEnvoy

    def get(self, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> Answer:
        """Send one request; nothing in it is normalised on the way."""
        lines = [f"{method} {target} HTTP/1.1", *(() if _has_host(headers) else ("host: gateway",)), *headers]
        if body:
            lines.append(f"content-length: {len(body)}")
        return self.raw("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + body)

    def raw(self, request: bytes) -> Answer:
        """Send bytes and read until the gateway closes."""
        with socket.create_connection(("127.0.0.1", self.envoy.port), timeout=10) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                return parse_answer(stream.read())


def _has_host(headers: tuple[str, ...]) -> bool:
    return any(header.lower().startswith("host:") for header in headers)


def parse_answer(raw: bytes) -> Answer:
    """Parse the raw bytes of one response."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        body = _dechunk(body)
    return Answer(int(lines[0].split(" ")[1]), headers, body)


def _dechunk(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if not length:
            break
        out, body = out + rest[:length], rest[length + 2 :]
    return out


@contextmanager
def serving(
    project: Path,
    state: Path,
    variables: Mapping[str, str] | None = None,
    *,
    roots: Path | None = None,
    certificates: KnownCertificates | None = None,
) -> Iterator[Gateway]:
    """Compile the project and serve it until the block ends; its diagnostics are the error if it does not check."""
    given = GivenVariables(unmarked=variables)
    known = certificates or KnownCertificates()
    compiled = compile_project(project, variables=given, certificates=known, listen=("127.0.0.1:0",), roots=roots)
    if compiled.resources is None:
        raise AssertionError(compiled.diagnostics)
    values = {
        name: "".join(part if isinstance(part, str) else _value(part, given) for part in source.parts)
        for name, source in compiled.resources.secrets.items()
        if isinstance(source, TextSecret)
    }
    with running(compiled.resources, state, values, known) as envoy:
        yield Gateway(envoy)


def _value(reference: VariableRef, variables: GivenVariables) -> str:
    variable = variables.lookup(reference.name)
    assert variable is not None
    return variable.value.reveal()
