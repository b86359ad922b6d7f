"""Inbound steps part into filters of the route and proofs of the origin.

Proofs act last, after every step of the route. A step behind a secret that would undo it in the user's order
therefore takes the proof away, and the user is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wicketgate.ir.origin import HeaderProof, Proof, QueryProof
from wicketgate.ir.steps import (
    ClearHeaders,
    InboundStep,
    RemoveHeader,
    RemoveQuery,
    RequestFilterStep,
    SecretHeader,
    SecretQuery,
    SetHeader,
    SetQuery,
)


@dataclass(slots=True)
class SplitSteps:
    """`undone` names headers and parameters whose secret a later step takes away again."""

    filters: list[RequestFilterStep] = field(default_factory=list)
    headers: dict[str, HeaderProof] = field(default_factory=dict)
    parameters: dict[str, QueryProof] = field(default_factory=dict)
    undone: list[str] = field(default_factory=list)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return (*self.headers.values(), *self.parameters.values())


def split_proofs(steps: Iterable[InboundStep]) -> SplitSteps:
    """Part the steps of one route."""
    split = SplitSteps()
    for step in steps:
        match step:
            case SecretHeader(name, secret):
                split.headers.pop(name, None)
                split.headers[name] = HeaderProof(name, secret)
            case SecretQuery(name, secret):
                split.parameters.pop(name, None)
                split.parameters[name] = QueryProof(name, secret)
            case _:
                _undo(split, step)
                split.filters.append(step)
    return split


def _undo(split: SplitSteps, step: RequestFilterStep) -> None:
    match step:
        case SetHeader(name, overwrite=True) | RemoveHeader(name):
            gone = [name] if split.headers.pop(name, None) else []
        case ClearHeaders(keep):
            gone = [name for name in split.headers if name not in keep]
            for name in gone:
                del split.headers[name]
        case SetQuery(name, overwrite=True) | RemoveQuery(name):
            gone = [name] if split.parameters.pop(name, None) else []
        case _:
            gone = []
    split.undone += gone
