"""How much is measured."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """`rounds` runs of `seconds` for each peer and number of routes, after one of `warm_up`.

    HTTP/2 is measured with the smallest number of routes only; changes with the smallest (`changes` times) and the
    largest (half as often). `certificates` are numbers of origins with a client certificate each.
    """

    counts: tuple[int, ...]
    rounds: int
    seconds: int
    warm_up: int
    starts: int
    changes: int
    compiles: int
    certificates: tuple[int, ...]
    seed: int
    core: int
    load_core: int


def make_plan(*, quick: bool, seed: int) -> Plan:
    """Gateways get the first core of this process, origin and load generator the last."""
    cores = sorted(os.sched_getaffinity(0))
    core, load_core = cores[0], cores[-1]
    if quick:
        return Plan((10,), 1, 1, 0, 1, 2, 1, (50,), seed, core, load_core)
    return Plan((10, 1_000, 10_000), 5, 2, 1, 3, 6, 3, (1_000, 5_000), seed, core, load_core)
