"""Files that would hurt a careless reader: a message each, quickly, and never a traceback."""

from __future__ import annotations

import random
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import Compiled, compile_project

VARIABLES = GivenVariables(unmarked={"SECRET": "a-secret-of-sufficient-length"})


def _compile(folder: Path) -> Compiled:
    return compile_project(folder, variables=VARIABLES, roots=Path("/roots.pem"))


def _only_code(folder: Path) -> str:
    codes = {item.code for item in _compile(folder).diagnostics if item.is_error}
    assert len(codes) == 1, codes
    return codes.pop()


def _file(tmp_path: Path, name: str = "routes.oas.json") -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / name


def test_200_megabytes_are_not_read(tmp_path: Path) -> None:
    with _file(tmp_path).open("wb") as file:
        file.write(b'{"openapi": "3.1.0", "x": "')
        file.truncate(200 * 2**20)
    tracemalloc.start()
    began = time.monotonic()
    assert _only_code(tmp_path) == "file-too-large"
    assert time.monotonic() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("routes.oas.json", '{"a":' * 100_000),
        ("routes.oas.json", '{"a":' * 100_000 + "1" + "}" * 100_000),
        ("routes.oas.json", "[" * 900 + "]" * 900),
        ("routes.oas.yaml", "[" * 100_000),
        ("routes.oas.yaml", "{a: " * 500 + "1" + "}" * 500),
    ],
)
def test_deep_nesting(tmp_path: Path, name: str, text: str) -> None:
    _file(tmp_path, name).write_text(text)
    assert _only_code(tmp_path) in ("too-deep", "not-openapi", "not-yaml")


def test_a_billion_laughs(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    _file(tmp_path, "routes.oas.yaml").write_text("\n".join(lines))
    began = time.monotonic()
    assert _only_code(tmp_path) == "yaml-alias"
    assert time.monotonic() - began < 2


def test_not_utf8(tmp_path: Path) -> None:
    _file(tmp_path).write_bytes(b'{"openapi": "\xff"}')
    assert _only_code(tmp_path) == "not-utf8"


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    _file(tmp_path).mkdir()
    assert _only_code(tmp_path) == "unreadable"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    project = _good(tmp_path)
    routes = project / "config/routes.oas.json"
    routes.write_bytes(b"\xef\xbb\xbf" + routes.read_bytes())
    assert _compile(project).ok


def test_places_count_tabs_wide_characters_and_crlf(tmp_path: Path) -> None:
    text = '{\r\n\t"openapi": "3.1.0",\r\n\t"info": "é😀", "x-wicket-nope": 1, "paths": {"/a": {"x-zuplo-pat": 1}}}'
    _file(tmp_path).write_bytes(text.encode())
    spans = [str(item.span) for item in _compile(tmp_path).diagnostics if item.code == "unknown-key"]
    line = text.split("\r\n")[2]
    assert spans[0] == "config/routes.oas.json:3:" + str(line.index('"x-zuplo-pat') + 1)


def _good(tmp_path: Path) -> Path:
    secret = [{"name": "backend-secret", "value": "$env(SECRET)"}]
    paths = {
        "/a/{id}": {"get": operation(handler("urlForwardHandler", baseUrl="http://127.0.0.1:1"), inbound=["s"])},
        "/b": {"get": operation(handler("redirectHandler", location="/a/1"))},
    }
    policies = [policy("s", "set-headers-inbound", "SetHeadersInboundPolicy", headers=secret)]
    origins = {"origins": [{"name": "o", "url": "http://127.0.0.1:2"}]}
    return write_project(tmp_path, paths, policies=policies, origins=origins, toml="[envoy]\nconcurrency = 1\n")


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_project_gets_messages_and_never_a_traceback(tmp_path: Path, seed: int) -> None:
    project = _good(tmp_path)
    chance = random.Random(seed)
    files = [path for path in project.rglob("*") if path.is_file()]
    for _ in range(chance.randint(1, 3)):
        _damage(chance.choice(files), chance)
    compiled = _compile(project)
    assert compiled.ok or any(item.is_error for item in compiled.diagnostics)


def _damage(path: Path, chance: random.Random) -> None:
    text = path.read_text(errors="replace")
    at = chance.randrange(len(text) + 1)
    junk = [
        '"',
        "{",
        "]",
        ",",
        "null",
        "1e999",
        "[]",
        '"$env("',
        "${",
        "\\u0000",
        "-1",
        "true",
        "\x00",
        "é",
        "$ref",
        "http://[",
    ]
    match chance.randrange(4):
        case 0:
            text = text[:at] + chance.choice(junk) + text[at:]
        case 1:
            text = text[:at] + text[at + chance.randint(1, 30) :]
        case 2:
            words = text.split('"')
            words[chance.randrange(len(words))] = chance.choice(junk).strip('"')
            text = '"'.join(words)
        case _:
            text = text.replace(chance.choice(["{", "}", "[", "]", ":", "1"]), chance.choice(junk), 1)
    path.write_text(text)
