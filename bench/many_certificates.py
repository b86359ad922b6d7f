"""Wicketgate with many origins, each with a client certificate of its own in the store: memory, start, and change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.credentials import Credentials
from bench.http_probe import Answer, Prober, await_answer, wait_for
from bench.job import Job
from bench.measured import Memory, Timing
from bench.mutual_origin import MutualOrigin
from bench.peers.wicketgate import SETTINGS, Wicketgate, serve
from bench.plan import Plan
from bench.processes import BenchError, Server
from wicketgate.pki.key_pair import KeyPair, parse_key_pair
from wicketgate.store import open_database
from wicketgate.store.certificates import CertificateSource, CertificateStore, insert_pair

STARTED = "start to first answer, a certificate for each origin"
REPLACED = "certificate replaced in the store: live"
MANY = "certificates"
"""What `Memory.when` says of these."""

_ENVIRONMENT = "production"
_ASKED_AFTER_START = 200
_LIVE_SECONDS = 30.0
_SETTLE = 0.5


def many_certificates(job: Job, origin: MutualOrigin, count: int, plan: Plan) -> Iterator[Timing | Memory]:
    """Measure with `count` origins. Raises `BenchError` when an origin is shown another's certificate."""
    serials = _write_state(job.folder, origin.credentials, count)
    _write_project(job, origin, count)
    began = time.perf_counter()
    server = serve(job, "run")
    try:
        first = await_answer(server, _path(0), Answer(200, serials[0]).__eq__)
        yield Timing(STARTED, count, (first - began) * 1e3)
        _check_serials(server, serials)
        time.sleep(_SETTLE)
        for program, usage in server.memory().items():
            yield Memory(Wicketgate.name, count, program, MANY, usage.resident, usage.proportional)
        yield from _replacements(job, server, origin.credentials, count, times=plan.changes)
    finally:
        server.stop()


def _replacements(job: Job, server: Server, credentials: Credentials, count: int, *, times: int) -> Iterator[Timing]:
    """Replace certificates of origins spread over all of them; the origin says which one it is shown."""
    with _replacer(job.folder) as replacer:
        for number in range(times):
            which = number * count // times
            pair = credentials.issue_client(_name(which))
            file = job.write(f"next-{number}.pem", pair.chain_pem + pair.key.reveal())
            time.sleep(_SETTLE)
            began = time.perf_counter()
            replacer.ask(_name(which), file)
            wanted = Answer(200, _serial(pair))
            live = wait_for(server.port, _path(which), wanted.__eq__, seconds=_LIVE_SECONDS)
            replacer.finish()
            yield Timing(REPLACED, count, (live - began) * 1e3)


@dataclass(frozen=True, slots=True)
class _Replacer:
    """The process that writes to the store, started beforehand: only the write is measured."""

    process: subprocess.Popen[str]

    def ask(self, name: str, file: Path) -> None:
        assert self.process.stdin is not None
        print(name, file, file=self.process.stdin, flush=True)

    def finish(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "done\n":
            raise BenchError(f"the certificate was not replaced ({self.process.poll()})")


@contextmanager
def _replacer(state_of: Path) -> Iterator[_Replacer]:
    command = [sys.executable, "-m", "bench.many_certificates", str(state_of / ".wicket")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        replacer = _Replacer(process)
        replacer.finish()
        yield replacer


def _check_serials(server: Server, serials: list[bytes]) -> None:
    step = max(1, len(serials) // _ASKED_AFTER_START)
    prober = Prober(server.port)
    try:
        for number in range(0, len(serials), step):
            if (found := prober.ask(_path(number))) != Answer(200, serials[number]):
                raise BenchError(f"{_path(number)}: {found}, not the serial number {serials[number]!r}")
    finally:
        prober.close()


def _write_state(folder: Path, credentials: Credentials, count: int) -> list[bytes]:
    """Put a certificate for each origin into the store; return their serial numbers as the origin says them."""
    database = open_database(folder / ".wicket")
    pairs = [credentials.issue_client(_name(number)) for number in range(count)]
    source = CertificateSource.IMPORT
    with database.write() as connection:
        for number, pair in enumerate(pairs):
            insert_pair(connection, database, _name(number), pair, [_ENVIRONMENT], source=source)
    database.engine.dispose()
    return [_serial(pair) for pair in pairs]


def _write_project(job: Job, origin: MutualOrigin, count: int) -> None:
    client = origin.credentials.client
    (job.folder / "config").mkdir()
    job.write("wicket.toml", SETTINGS)
    job.write("ca.pem", client.authority.read_text())
    origins = [_origin(number, origin.serial, client.name) for number in range(count)]
    job.write("config/origins.json", json.dumps({"origins": origins}))
    paths = {_path(number): {"get": _operation(number)} for number in range(count)}
    document = {"openapi": "3.1.0", "info": {"title": "bench", "version": "1"}, "paths": paths}
    job.write("config/routes.oas.json", json.dumps(document))


def _origin(number: int, port: int, name: str) -> dict[str, Any]:
    return {
        "name": _name(number),
        "url": f"https://{_name(number)}.bench.test",
        "endpoints": [f"127.0.0.1:{port}"],
        "tls": {"ca": "./ca.pem", "serverName": name},
        "mtlsCertificate": _name(number),
    }


def _operation(number: int) -> dict[str, Any]:
    options = {"baseUrl": f"origin://{_name(number)}"}
    handler = {"export": "urlForwardHandler", "module": "$import(@zuplo/runtime)", "options": options}
    return {
        "operationId": f"op{number}",
        "responses": {"200": {"description": "The serial number of the certificate"}},
        "x-zuplo-route": {"handler": handler},
    }


def _name(number: int) -> str:
    return f"origin{number:05d}"


def _path(number: int) -> str:
    return f"/{_name(number)}"


def _serial(pair: KeyPair) -> bytes:
    """As nginx writes it: hexadecimal in upper case, whole bytes."""
    digits = f"{int(pair.leaf.serial, 16):X}"
    return digits.zfill(len(digits) + len(digits) % 2).encode() + b"\n"


def _replace_as_told(state: Path) -> None:
    """Replace certificates in the store, each when a line with its name and a file says so, and tell."""
    store = CertificateStore(open_database(state))
    print("done", flush=True)
    for line in sys.stdin:
        name, file = line.split()
        text = Path(file).read_bytes()
        store.replace(name, parse_key_pair(text, text, source=file))
        print("done", flush=True)


if __name__ == "__main__":
    os.umask(0o077)
    _replace_as_told(Path(sys.argv[1]))
