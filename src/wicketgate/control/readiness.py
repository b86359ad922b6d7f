"""`/readyz`: whether this gateway serves what the project says."""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.live import Live
from wicketgate.json_types import JsonObject
from wicketgate.xds.board import Board
from wicketgate.xds.kinds import Kind


@dataclass(frozen=True, slots=True)
class Readiness:
    """`problems` maps a check to what is wrong; none means ready."""

    problems: dict[str, str]

    @property
    def ready(self) -> bool:
        return not self.problems

    def message(self) -> JsonObject:
        return {"ready": self.ready, "problems": self.problems}


async def readiness(live: Live, board: Board, admin: EnvoyAdmin, *, draining: bool, missing: str = "") -> Readiness:
    """Look at everything that must be well for a request to be answered as the project says.

    `missing` says which credentials are not there, or have expired.
    """
    found = {
        "draining": "the gateway is stopping" if draining else "",
        "project": _project(live),
        "envoy": "" if await admin.live() else "Envoy is not live",
        "certificates": "; ".join(f"{name}: {problem}" for name, problem in sorted(live.kept.items())),
        "credentials": missing,
        "published": _published(board),
    }
    return Readiness({check: problem for check, problem in found.items() if problem})


def _project(live: Live) -> str:
    if live.candidate is None:
        return "nothing is live yet"
    if live.trouble is None:
        return ""
    return f"{live.trouble.message}; version {live.version or 'none'} keeps serving"


def _published(board: Board) -> str:
    if not board.nodes:
        return "no Envoy asks for its configuration"
    outcome = board.outcome(frozenset(Kind))
    if outcome.rejections:
        kinds = sorted({item.key.kind.value for item in outcome.rejections})
        return f"Envoy rejected the published {', '.join(kinds)}"
    if outcome.waiting:
        kinds = sorted({key.kind.value for key in outcome.waiting})
        return f"Envoy has not accepted the published {', '.join(kinds)} yet"
    return ""
