"""What `wicket.toml` says when the gateway starts and holds until it ends."""

from __future__ import annotations

from pathlib import Path

from wicketgate.spec.installation import Installation
from wicketgate.supervise.settings import read_installation


class Fixed:
    """Remembers what held at the start, and says what has been changed since in vain."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._at_start = _facts(read_installation(project))

    def changed(self) -> str:
        """Return which sections wait for a restart, in words; empty when none does."""
        now = _facts(read_installation(self._project))
        names = [name for name, fact in self._at_start.items() if now[name] != fact]
        return f"restart the gateway to take up what has changed in {', '.join(names)}" if names else ""


def _facts(found: Installation) -> dict[str, object]:
    return {
        "[[listeners]] (addresses)": [listener.address for listener in found.listeners],
        "[admin]": found.admin,
        "[log] (level)": found.log.level,
        "[envoy]": found.envoy,
        "[acme]": found.acme,
        "[issuer]": found.issuer,
    }
