"""Bodies of Lambda functions: compressed ones that reach the caller as they were before, and those that are too big."""

from __future__ import annotations

import base64
import gzip
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.gateway import Gateway
from tests.support.lambda_gateway import KEY, Function, Shared, result, serving_lambda
from tests.support.sigv4 import expected
from wicketgate.envoy import lambda_program


def _packed(data: bytes, coding: str, **members: object) -> bytes:
    return result(**{"statusCode": 200, "body": base64.b64encode(data).decode(), "bodyEncoding": coding, **members})


def _compressed(data: bytes, window: int, *, level: int = 6, strategy: int = 0, cuts: tuple[int, ...] = ()) -> bytes:
    """`window` is zlib's: 31 for gzip, 15 for zlib, -15 for neither frame; at each cut what is there is flushed."""
    packer = zlib.compressobj(level, zlib.DEFLATED, window, 9, strategy)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [packer.compress(data[start:stop]) + packer.flush(zlib.Z_SYNC_FLUSH) for start, stop in pairwise(places)]
    return b"".join(pieces) + packer.flush()


SKEWED = st.integers(0, 2**32).flatmap(lambda seed: st.binary(max_size=300).map(lambda text: _words(text, seed)))


def _words(text: bytes, seed: int) -> bytes:
    """Make something long of something short, in which much comes again and some does not."""
    times = seed % 97
    return b"".join(text[index % 7 :] + bytes([seed >> (index % 24) & 255]) for index in range(times)) + text


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=SKEWED,
    frame=st.sampled_from([("gzip", 31), ("deflate", 15), ("deflate", -15)]),
    level=st.sampled_from([0, 1, 6, 9]),
    strategy=st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE]),
    cuts=st.lists(st.integers(0, 20_000), max_size=3),
)
def test_a_compressed_body_is_decompressed(
    shared: Shared, data: bytes, frame: tuple[str, int], level: int, strategy: int, cuts: list[int]
) -> None:
    gateway, origin = shared
    coding, window = frame
    function = Function(lambda event: _packed(packed, coding))
    origin.reply = function.reply
    packed = _compressed(data, window, level=level, strategy=strategy, cuts=tuple(cuts))
    answer = gateway.get("/1/t/x")
    assert (answer.status, answer.body) == (200, data), answer
    assert answer.all("content-encoding") == []


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0, *", "br"])
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_what_the_caller_accepts_plays_no_part(
    gateway: Gateway, function: Function, coding: str, pack: Callable[[bytes], bytes], accepted: str
) -> None:
    function.result = lambda event: _packed(pack(b"hello"), coding, isBase64Encoded=True)
    answer = gateway.get("/2/t/x", *([f"accept-encoding: {accepted}"] if accepted else []))
    assert (answer.status, answer.body, answer.one("content-length")) == (200, b"hello", "5")
    assert answer.all("content-encoding") + answer.all("vary") == []


@pytest.mark.parametrize(
    ("said", "left"),
    [("gzip", []), ("GZIP", []), ("br", ["br"]), ("identity", ["identity"]), ("gzip, br", ["gzip, br"])],
)
def test_a_function_may_say_the_coding_twice(gateway: Gateway, function: Function, said: str, left: list[str]) -> None:
    """What is undone is no longer true of the body; any other coding is one that the body still has."""
    function.result = lambda event: _packed(gzip.compress(b"hello"), "gzip", headers={"Content-Encoding": said})
    answer = gateway.get("/1/t/x")
    assert (answer.body, answer.all("content-encoding")) == (b"hello", left)


def test_without_body_encoding_a_body_stays_as_it_is(gateway: Gateway, function: Function) -> None:
    packed = gzip.compress(b"hello")
    members = {"body": base64.b64encode(packed).decode(), "isBase64Encoded": True}
    function.result = lambda event: result(statusCode=200, headers={"Content-Encoding": "gzip"}, **members)
    answer = gateway.get("/1/t/x")
    assert (answer.body, answer.one("content-encoding")) == (packed, "gzip")


def test_more_members_of_gzip_are_one_body(gateway: Gateway, function: Function) -> None:
    named = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x05\x00extra" + b"name\x00" + b"comment\x00" + b"\x00\x00"
    packed = named + gzip.compress(b"first ")[10:] + gzip.compress(b"second")
    function.result = lambda event: _packed(packed, "gzip")
    assert gateway.get("/1/t/x").body == b"first second"


def test_a_head_has_the_length_of_the_text(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: _packed(gzip.compress(b"x" * 1000), "gzip")
    answer = gateway.get("/1/t/x", method="HEAD")
    assert (answer.body, answer.one("content-length")) == (b"", "1000")


def test_no_body_needs_no_coding(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: result(statusCode=200, bodyEncoding="gzip")
    answer = gateway.get("/1/t/x")
    assert (answer.status, answer.body) == (200, b"")


GZIPPED = gzip.compress(bytes(range(256)) * 20, mtime=0)
DEFLATED = zlib.compress(bytes(range(256)) * 20)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", b"hello"),
        ("gzip", GZIPPED[:5]),
        ("gzip", GZIPPED[:-1]),
        ("gzip", GZIPPED[:40]),
        ("gzip", GZIPPED[:-8] + b"\0" + GZIPPED[-7:]),
        ("gzip", GZIPPED[:-1] + b"\1"),
        ("gzip", b"\x1f\x8b\x08\xe0" + GZIPPED[4:]),
        ("gzip", b"\x1f\x8b\x08\x04" + GZIPPED[4:10] + b"\xff\xff"),
        ("gzip", DEFLATED),
        ("deflate", DEFLATED[:-1]),
        ("deflate", DEFLATED[:-1] + b"x"),
        ("deflate", b"hello"),
        ("deflate", b"\x07"),
        ("deflate", b"\x01\x01\x00\x00\x00x"),
        ("deflate", b"\x01\x09\x00\xf6\xffx"),
        ("deflate", b"\x03\x02"[:1]),
        ("deflate", GZIPPED),
    ],
)
def test_what_cannot_be_decompressed_is_no_answer(
    gateway: Gateway, function: Function, coding: str, packed: bytes
) -> None:
    function.result = lambda event: _packed(packed, coding)
    answer = gateway.get("/1/t/x")
    assert (answer.status, answer.json()["code"]) == (502, "lambda-malformed")
    assert "the program failed" not in gateway.envoy.log.read_text()


def test_a_big_body_is_decompressed_and_a_bomb_is_not(gateway: Gateway, function: Function) -> None:
    text = b"".join(b'{"id": %d, "name": "order %d"}, ' % (index, index * index) for index in range(230_000))
    function.result = lambda event: _packed(gzip.compress(text), "gzip")
    assert gateway.get("/1/t/x").body == text
    function.result = lambda event: _packed(gzip.compress(bytes(10 << 20)), "gzip")
    assert gateway.get("/1/t/x").body == bytes(10 << 20)
    function.result = lambda event: _packed(gzip.compress(bytes((10 << 20) + 1)), "gzip")
    assert gateway.get("/1/t/x").json()["code"] == "lambda-malformed"


def test_blocks_that_hold_nothing_have_an_end(gateway: Gateway, function: Function) -> None:
    """Ten bits each: three million of them in an answer, and none makes the text longer."""
    block = "0" + "10" + "0" * 7
    bits = block * 3_000_000 + "1" + block[1:]
    function.result = lambda event: _packed(int(bits[::-1], 2).to_bytes((len(bits) + 7) // 8, "little"), "deflate")
    assert gateway.get("/1/t/x").json()["code"] == "lambda-malformed"


def test_big_bodies_pass_up_to_the_bound_of_lambda(gateway: Gateway, function: Function, shared: Shared) -> None:
    big = os.urandom(3_000_000)
    function.result = lambda event: result(statusCode=200, body=event["body"], isBase64Encoded=True)
    answer = gateway.get("/1/t/x", method="POST", body=big)
    assert (answer.status, answer.body) == (200, big)
    assert shared[1].last.one("authorization") == expected(shared[1].last, KEY)
    before = len(shared[1].seen)
    # 6 MiB of an event are 4.5 MiB of bytes in base64.
    assert gateway.get("/1/t/x", method="POST", body=os.urandom(4_800_000)).status == 413
    # One that is refused while it is being sent may not be read to its end.
    with suppress(ConnectionError):
        assert gateway.get("/1/t/x", method="POST", body=b"x" * 9_000_000).status == 413
    assert len(shared[1].seen) == before


def test_an_answer_beyond_the_bound_is_no_answer(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: result(statusCode=200, body="x" * 11_000_000)
    assert gateway.get("/1/t/x").status in (500, 502)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"\x01" * 8_000_000),
        ("text/plain", b"\x01" * 2_000_000),
        ("text/plain", b'"' * 4_000_000),
        ("text/plain", b"\xff" * 4_800_000),
        ("image/png", b"x" * 4_800_000),
    ],
)
def test_what_makes_no_event_is_not_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, body: bytes
) -> None:
    """Here the program fails as soon as it encodes a body."""
    program = lambda_program._EVENT
    for encodes in ("handle:base64Escape(bytes)", "escape(bytes, size)"):
        assert program.count(encodes) == 1
        program = program.replace(encodes, 'error("encoded")')
    monkeypatch.setattr(lambda_program, "_EVENT", program)
    with serving_lambda(tmp_path) as (gateway, origin):
        with suppress(ConnectionError):
            assert gateway.get("/1/t/x", f"content-type: {kind}", method="POST", body=body).status == 413
        assert gateway.get("/1/t/x", f"content-type: {kind}", method="POST", body=body[:1_000_000]).status == 503
        assert origin.seen == []
