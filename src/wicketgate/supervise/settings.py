"""What the supervisor has to know before the control plane has read the project."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from wicketgate.spec.installation import Installation


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What was asked of `wicket run`. `listen` (`ADDR:PORT`) replaces the listeners of `wicket.toml`."""

    project: Path
    environment: str
    listen: tuple[str, ...] = ()
    watch: bool = False
    state_dir: Path | None = None


def read_installation(project: Path) -> Installation:
    """Read `wicket.toml`. With a bad one the defaults do: the control plane refuses the project for it."""
    try:
        text = (project / "wicket.toml").read_text("utf-8")
        return Installation.model_validate(tomllib.loads(text))
    except (OSError, ValueError):
        return Installation()
