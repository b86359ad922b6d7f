"""Values that a parser takes and a gateway must not: each is refused by us, at its place, and not later by Envoy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.diagnostics import Diagnostic

CANARY = "canary-value-of-a-secret"
VARIABLES = GivenVariables(unmarked={"CANARY": CANARY, "LINE": "first\nsecond"})
FORWARD = operation(handler("urlForwardHandler", baseUrl="https://a.example"))


def _errors(folder: Path) -> list[Diagnostic]:
    compiled = compile_project(folder, variables=VARIABLES, roots=Path("/roots.pem"))
    found = [item for item in compiled.diagnostics if item.is_error]
    assert CANARY not in str(compiled.diagnostics)
    assert bool(found) is not compiled.ok
    return found


def _codes(folder: Path) -> set[str]:
    return {item.code for item in _errors(folder)}


def _document(folder: Path, text: str) -> Path:
    (folder / "config").mkdir()
    (folder / "config/routes.oas.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('{"a": ' + "1" * 5000 + "}", 7),
        ('{"a": 1e999}', 7),
        ('{"a": [-Infinity]}', 8),
        ('{"a": "\\ud800"}', 7),
        ('{"\\udc00": 1}', 2),
        ('{"a": 1, "b": "x\\\\\\ud83d"}', 15),
    ],
)
def test_what_no_json_reader_agrees_on_is_refused(tmp_path: Path, text: str, column: int) -> None:
    (error,) = _errors(_document(tmp_path, text))
    assert (error.code, error.span.column) == ("not-json", column)


def test_whole_surrogate_pairs_are_characters(tmp_path: Path) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "\U0001f600 \\ud800"}, "paths": {"/a": {"get": FORWARD}}}
    assert _codes(_document(tmp_path, json.dumps(document))) == set()


def test_an_integer_of_5000_digits_is_no_toml(tmp_path: Path) -> None:
    assert _codes(write_project(tmp_path, {"/a": {"get": FORWARD}}, toml="a = " + "1" * 5000)) == {"not-toml"}


URLS = [
    ("https://a.example/x y", "not-a-url"),
    ("https://a.example/x\r\nEvil: 1", "not-a-url"),
    ("https://a.example/\x00", "not-a-url"),
    ("https://a.example/é", "not-a-url"),
    ("https://a.example/%zz", "not-a-url"),
    ("https://a.example\\b", "not-a-url"),
    ("https://a.example/{id}", "not-a-url"),
    ("https://a..example", "not-a-url"),
    ("https://a.example:0", "not-a-url"),
    ("https://a.example:٨٠", "not-a-url"),
    (f"https://{'a.' * 130}example", "not-a-url"),
    ("https://[fe80::1%25eth0]", "not-a-url"),
    ("http://１６９.254.169.254", "not-a-url"),
    ("http://2852039166/", "not-a-url"),
    ("http://0xa9fea9fe/", "not-a-url"),
    ("http://0251.0376.0251.0376/", "not-a-url"),
    ("http://169.254.43518/", "not-a-url"),
    ("http://169.254.169.254./", "forbidden-address"),
    ("http://[::ffff:169.254.169.254]/", "forbidden-address"),
    ("http://[::169.254.169.254]/", "forbidden-address"),
    ("http://[64:ff9b::a9fe:a9fe]/", "forbidden-address"),
    ("http://[2002:a9fe:a9fe::1]/", "forbidden-address"),
    ("http://[fd00:ec2::254]/", "forbidden-address"),
    ("http://Metadata.Google.Internal/", "forbidden-address"),
    ("http://100.100.100.200/", "forbidden-address"),
    ("http://255.255.255.255/", "forbidden-address"),
    ("http://0.0.0.0:80", "forbidden-address"),
    ("https://user:canary-value-of-a-secret@a.example", "url-credentials"),
    ("user:canary-value-of-a-secret@a.example", "not-a-url"),
    ("https:/user:canary-value-of-a-secret@a.example", "not-a-url"),
    ("${env.CANARY}", "not-a-url"),
    ("origin://${env.CANARY}/", "unknown-origin"),
]


@pytest.mark.parametrize(("url", "code"), URLS)
def test_urls_in_routes(tmp_path: Path, url: str, code: str) -> None:
    forward = operation(handler("urlForwardHandler", baseUrl=url))
    rewrite = operation(handler("urlRewriteHandler", rewritePattern=url))
    assert _codes(write_project(tmp_path, {"/a": {"get": forward}, "/b": {"get": rewrite}})) == {code}


@pytest.mark.parametrize(("url", "code"), [each for each in URLS if "${" not in each[0] and "origin:" not in each[0]])
def test_urls_of_origins(tmp_path: Path, url: str, code: str) -> None:
    origins = {"origins": [{"name": "o", "url": url}]}
    to_origin = operation(handler("urlForwardHandler", baseUrl="origin://o"))
    assert _codes(write_project(tmp_path, {"/a": {"get": to_origin}}, origins=origins)) == {code}


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("2852039166", "not-a-url"),
        ("169.254.169.254", "forbidden-address"),
        ("[64:ff9b::a9fe:a9fe]:80", "forbidden-address"),
        ("metadata.google.internal", "forbidden-address"),
    ],
)
def test_endpoints_are_checked_like_hosts(tmp_path: Path, host: str, code: str) -> None:
    origins = {"origins": [{"name": "o", "url": "https://a.example", "endpoints": [host]}]}
    assert _codes(write_project(tmp_path, {"/a": {"get": FORWARD}}, origins=origins)) == {code}


@pytest.mark.parametrize(
    "pattern",
    ["origin://o${params.id}", "https://a.example/${params.id}#part", 'https://a.example/${headers.get("a b")}'],
)
def test_patterns_that_would_make_a_bad_request(tmp_path: Path, pattern: str) -> None:
    origins = {"origins": [{"name": "o", "url": "https://a.example"}]}
    rewrite = operation(handler("urlRewriteHandler", rewritePattern=pattern))
    assert len(_errors(write_project(tmp_path, {"/a/{id}": {"get": rewrite}}, origins=origins))) == 1


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"circuitLimits": {"connections": 10**12}}, 7),
        ({"passiveHealth": {"consecutiveErrors": 10**12}}, 7),
        ({"connectTimeout": 1e-12}, 6),
        ({"retries": {"backOff": "2s", "maxBackOff": "1s"}}, 6),
    ],
)
def test_numbers_that_the_data_plane_cannot_hold(tmp_path: Path, settings: dict[str, Any], place: int) -> None:
    origins = {"origins": [{"name": "o", "url": "https://a.example", **settings}]}
    (error,) = _errors(write_project(tmp_path, {"/a": {"get": FORWARD}}, origins=origins))
    assert (error.code, error.span.line) == ("wrong-value", place)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "one\r\ntwo: three"),
        ("x-a", "one\n$env(CANARY)"),
        ("x-a", "$env(LINE)"),
        ("x-a", "\x00"),
        ("$env(CANARY) x", "one"),
        ("x-" + "a" * 5000, "one"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
    ],
)
def test_headers_that_would_split_a_request(tmp_path: Path, name: str, value: str) -> None:
    headers = [{"name": name, "value": value}]
    policies = [
        policy("in", "set-headers-inbound", "SetHeadersInboundPolicy", headers=headers),
        policy("key", "set-upstream-api-key-inbound", "SetUpstreamApiKeyInboundPolicy", header=name, value=value),
    ]
    codes = [item.code for item in _errors(write_project(tmp_path, {"/a": {"get": FORWARD}}, policies=policies))]
    assert len(codes) == 2
    assert set(codes) <= {"wrong-header-value", "wrong-header-name", "header-not-settable"}


@pytest.mark.parametrize("key", ["allowedMethods", "allowedHeaders", "exposeHeaders"])
def test_cors_lists_hold_names(tmp_path: Path, key: str) -> None:
    cors = [{"name": "c", "allowedOrigins": ["https://a.example"], key: ["a\r\nb"]}]
    assert _codes(write_project(tmp_path, {"/a": {"get": FORWARD}}, cors=cors)) == {"wrong-header-name"}


@pytest.mark.parametrize(
    "toml",
    [
        "[limits]\nconnections = 99999999999",
        "[limits]\nheader_timeout = nan",
        '[log]\naccess = "a\\u0000b"',
        '[[listeners]]\ntls = { certificate = "a\\u0000b", key = "k" }',
        '[[listeners]]\naddress = "*:80"\n[[listeners]]\naddress = "0.0.0.0:80"',
    ],
)
def test_installations_that_could_not_start(tmp_path: Path, toml: str) -> None:
    (error,) = _errors(write_project(tmp_path, {"/a": {"get": FORWARD}}, toml=toml))
    assert (error.code, error.span.file) == ("wrong-value", "wicket.toml")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _nothing(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [_pipe, _endless, _nothing, Path.mkdir])
@pytest.mark.parametrize("name", ["wicket.toml", "config/policies.json", "config/more.oas.json"])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: Callable[[Path], None], name: str) -> None:
    """A link to nothing counts: the gateway must not run with defaults because a mount is missing."""
    write_project(tmp_path, {"/a": {"get": FORWARD}})
    make(tmp_path / name)
    (error,) = _errors(tmp_path)
    assert (error.code, error.span.file) == ("unreadable", name)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("#/servers/²", "ref-dangling"),
        ("#/servers/" + "9" * 5000, "ref-dangling"),
        ("#/paths/~1a", "ref-cycle"),
        ("other.json#/x", "ref-external"),
    ],
)
def test_references_that_lead_nowhere(tmp_path: Path, reference: str, code: str) -> None:
    text = json.dumps({"openapi": "3.1.0", "servers": [{}], "paths": {"/a": {"$ref": reference}}})
    assert code in _codes(_document(tmp_path, text))


def test_a_reference_into_a_list_keeps_its_place(tmp_path: Path) -> None:
    shared = [{"get": {"x-zuplo-route": {"nope": 1}}}]
    text = json.dumps({"openapi": "3.1.0", "x-shared": shared, "paths": {"/a": {"$ref": "#/x-shared/0"}}})
    unknown = [error for error in _errors(_document(tmp_path, text)) if error.code == "unknown-key"]
    assert unknown[0].span.column == text.index('"nope"') + 1


def test_references_are_percent_decoded(tmp_path: Path) -> None:
    paths = {"/a": {"$ref": "#/paths/~1b~1%7Bid%7D"}, "/b/{id}": {"get": FORWARD}}
    assert _codes(write_project(tmp_path, paths)) == set()


def test_a_chain_of_references_takes_bounded_time(tmp_path: Path) -> None:
    schemas = {f"s{n}": {"$ref": f"#/components/schemas/s{n + 1}"} for n in range(5000)}
    text = json.dumps({"openapi": "3.1.0", "components": {"schemas": schemas}, "paths": {"/a": {"get": FORWARD}}})
    assert "ref-cycle" in _codes(_document(tmp_path, text))


def test_nothing_of_a_value_reaches_a_message(tmp_path: Path) -> None:
    """A variable of unknown secrecy may stand in plain places, and a message quotes what is wrong there."""
    cors = [{"name": "c", "allowedOrigins": ["not an origin $env(CANARY)"], "exposeHeaders": ["a b $env(CANARY)"]}]
    errors = _errors(write_project(tmp_path, {"/a": {"get": FORWARD}}, cors=cors))
    assert any("$env(CANARY)" in error.message for error in errors)


def test_a_message_cannot_drive_a_terminal(tmp_path: Path) -> None:
    route = operation(handler("url\x1b]0;owned\x07Handler"), inbound=["a\nb"])
    errors = _errors(write_project(tmp_path, {"/a": {"get": route}}))
    assert len(errors) == 2
    assert all(error.message.isprintable() for error in errors)
