"""What a built-in policy is: its names, its options, and the steps it comes down to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from wicketgate.ir.steps import InboundStep, OutboundStep
from wicketgate.spec.base import Options

O = TypeVar("O", bound=Options)  # noqa: E741 - the letter of the concept

Step = InboundStep | OutboundStep


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class PolicyContext(Protocol):
    """What a policy may ask while it is lowered."""

    def include(self, name: str) -> Iterable[Step]:
        """Return the steps of another policy of the project."""

    def warn(self, code: str, message: str, *, hint: str = "") -> None:
        """Tell the user something about this policy."""


@dataclass(frozen=True, slots=True)
class Policy(Generic[O]):
    """One kind of policy; each stands as `POLICY` in a file of its own in `wicketgate.policies`."""

    policy_type: str
    """The reference's identifier, such as `set-headers-inbound`."""
    export: str
    """The reference's export, such as `SetHeadersInboundPolicy`."""
    direction: Direction
    options: type[O]
    lower: Callable[[O, PolicyContext], Iterable[Step]]
    """Returns the steps in the order in which they act."""
    composite: bool = False
    """Whether it stands for other policies, and so may not stand in one."""
