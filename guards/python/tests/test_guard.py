"""The decision and its start-up errors."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from wicketgate_guard import GuardConfigurationError, SecretGuard, Verdict

CURRENT = "5f1d9c0a7be24a6c8f3e2d1b0a9c8e7f"
NEXT = "c3ab8ff13720e8ad9047dd39466b3c89"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BACKEND_SECRET", "BACKEND_SECRET_NEXT", "BACKEND_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_verdicts() -> None:
    guard = SecretGuard(secrets=[CURRENT, NEXT.encode()])
    assert guard.check([CURRENT.encode()]) is Verdict.ACCEPTED
    assert guard.check([NEXT.encode()]) is Verdict.ACCEPTED
    assert guard.check([]) is Verdict.MISSING
    assert guard.check([b""]) is Verdict.MISSING
    assert guard.check([CURRENT.encode()] * 2) is Verdict.DUPLICATE
    assert guard.check([CURRENT.encode()], aliased=True) is Verdict.ALIASED
    assert guard.check([CURRENT.encode() + b"\x00"]) is Verdict.MISMATCH
    assert guard.check([b"\xff" * 32]) is Verdict.MISMATCH


def test_every_accepted_secret_is_compared_whichever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(given: bytes, accepted: bytes) -> bool:
        compared.append(accepted)
        return given == accepted

    guard = SecretGuard(secrets=[CURRENT, NEXT])
    monkeypatch.setattr("hmac.compare_digest", compare)
    for secret in (CURRENT, NEXT, "neither of the two"):
        compared.clear()
        guard.check([secret.encode()])
        assert len(compared) == 2
        assert {len(item) for item in compared} == {32}


def test_aliases() -> None:
    guard = SecretGuard(secrets=[CURRENT], header="X-Origin-Secret")
    assert guard.is_alias(b"x_origin-secret")
    assert guard.is_alias(b"X_Origin_Secret")
    assert not guard.is_alias(b"X-ORIGIN-SECRET")
    assert not guard.is_alias(b"x-origin-secrets")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "BACKEND_SECRET is not set"),
        ({"environment": "OTHER"}, "OTHER is not set"),
        ({"secrets": []}, "no secret"),
        ({"secrets": [""]}, "0 bytes"),
        ({"secrets": ""}, "0 bytes"),
        ({"secrets": [None]}, "unset variable"),
        ({"secrets": ["fifteen-bytes--"]}, "15 bytes"),
        ({"secrets": [CURRENT, ""]}, "0 bytes"),
        ({"secrets": [CURRENT, NEXT, "x" * 16]}, "3 secrets"),
        ({"secrets": [f"{CURRENT}\n"]}, "white space"),
        ({"secrets": [f"{CURRENT}\x00{NEXT}"]}, "control character"),
        ({"secrets": [CURRENT], "secret_file": "/nonexistent"}, "both given"),
        ({"secret_file": "/nonexistent/guard"}, "No such file"),
        ({"secrets": [CURRENT], "mode": "off"}, "mode: 'off'"),
        ({"secrets": [CURRENT], "header": "backend_secret"}, "no underscore"),
        ({"secrets": [CURRENT], "header": "a b"}, "header"),
    ],
)
def test_start_up_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(GuardConfigurationError, match=message) as refused:
        SecretGuard(**arguments)  # type: ignore[arg-type]
    assert CURRENT not in str(refused.value)


def test_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKEND_SECRET", "")
    with pytest.raises(GuardConfigurationError, match="BACKEND_SECRET is empty"):
        SecretGuard()
    monkeypatch.setenv("BACKEND_SECRET", CURRENT)
    monkeypatch.setenv("BACKEND_SECRET_NEXT", "")
    assert SecretGuard().check([CURRENT.encode()]) is Verdict.ACCEPTED
    monkeypatch.setenv("BACKEND_SECRET_NEXT", NEXT)
    assert SecretGuard().check([NEXT.encode()]) is Verdict.ACCEPTED
    monkeypatch.setenv("BACKEND_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(GuardConfigurationError, match="Keep the file or the values"):
        SecretGuard()


def test_secret_file_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"\n  {CURRENT}  \r\n\n{NEXT}")
    monkeypatch.setenv("BACKEND_SECRET_FILE", str(tmp_path / "secret"))
    guard = SecretGuard()
    assert guard.check([CURRENT.encode()]) is Verdict.ACCEPTED
    assert guard.check([NEXT.encode()]) is Verdict.ACCEPTED


@pytest.mark.parametrize("text", ["", "\n", "short\n", f"{CURRENT}\n{NEXT}\nand-one-too-many"])
def test_secret_file_that_is_not_usable_at_start(text: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(text)
    with pytest.raises(GuardConfigurationError, match=str(tmp_path / "secret")):
        SecretGuard(secret_file=tmp_path / "secret")


def test_spoilt_file_keeps_the_last_good_secret_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret_file = tmp_path / "secret"
    secret_file.write_text(CURRENT)
    guard = SecretGuard(secret_file=secret_file)
    secret_file.unlink()
    for _ in range(3):
        assert guard.check([CURRENT.encode()]) is Verdict.ACCEPTED
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    secret_file.write_text(NEXT)
    assert guard.check([CURRENT.encode()]) is Verdict.MISMATCH
    assert guard.check([NEXT.encode()]) is Verdict.ACCEPTED


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_nothing_printed_holds_a_secret(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        guard = SecretGuard(secrets=[CURRENT, NEXT], mode=mode)  # type: ignore[arg-type]
        guard.admits(guard.check([f"{CURRENT}x".encode()]), path="/a\nforged line")
    shown = f"{guard!r} {guard} {vars(guard)} {vars(guard._source)} {caplog.text}"
    assert CURRENT not in shown
    assert NEXT not in shown
    assert "\nforged line" not in caplog.text


def test_observe_is_loud_at_start(caplog: pytest.LogCaptureFixture) -> None:
    guard = SecretGuard(secrets=[CURRENT], mode="observe")
    assert guard.mode == "observe"
    assert guard.admits(Verdict.MISSING, path="/a")
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "mode='observe'" in caplog.records[0].getMessage()
