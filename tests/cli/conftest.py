"""Fixtures for tests of the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wicketgate.cli.app import app
from wicketgate.demo.quickstart import create_project, new_secret

Wicket = Callable[..., Result]


@pytest.fixture
def wicket(monkeypatch: pytest.MonkeyPatch) -> Wicket:
    """Run `wicket` in this process with the arguments, and nothing of ours in the environment."""
    for name in ("WICKET_STATE", "WICKET_ENVIRONMENT", "BACKEND_SECRET", "ORIGIN_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path, input: str | None = None) -> Result:  # noqa: A002 - the name of CliRunner
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh quickstart project."""
    folder = tmp_path / "shop"
    create_project(folder, secret=new_secret(), origin_url="http://127.0.0.1:9000")
    return folder
