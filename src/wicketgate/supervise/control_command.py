"""How the control plane is started."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from wicketgate.supervise.settings import RunSettings


@dataclass(frozen=True, slots=True)
class ControlCommand:
    """`sockets` are the descriptors of listening sockets that the child inherits."""

    settings: RunSettings
    listen: tuple[str, ...]
    sockets: tuple[int, ...]

    def descriptors(self, channel: int) -> tuple[int, ...]:
        return (*self.sockets, channel)

    def arguments(self, channel: int, *, resume: bool) -> list[str]:
        """Return the command line. `resume` makes it begin with the last good version."""
        settings = self.settings
        arguments = [sys.executable, "-m", "wicketgate.control"]
        arguments += ["--project", str(settings.project), "--environment", settings.environment]
        arguments += ["--sockets", ",".join(map(str, self.descriptors(channel)))]
        if settings.state_dir is not None:
            arguments += ["--state-dir", str(settings.state_dir.absolute())]
        for address in self.listen:
            arguments += ["--listen", address]
        return [*arguments, *(["--watch"] if settings.watch else []), *(["--resume"] if resume else [])]
