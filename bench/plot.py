"""The picture of the page."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from bench.measured import Measured
from bench.summary import Row, rows

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "wicketgate"
from matplotlib import pyplot  # noqa: E402 - the backend is chosen first

_COLOURS = ("#0f766e", "#64748b", "#2563eb", "#7c3aed", "#d97706", "#dc2626")


def draw(measured: Measured, target: Path) -> None:
    """Draw requests/s and CPU time a request by peer and number of routes, with the spread of the rounds."""
    counts = sorted({sample.routes for sample in measured.samples})
    figure, (rates, costs) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    for number, peer in enumerate(measured.versions):
        found = [
            (at, one)
            for at, count in enumerate(counts)
            for one in rows(measured, "HTTP/1.1", count)
            if one.peer == peer
        ]
        if not found:
            continue
        width = 0.8 / len(measured.versions)
        places = [at + (number + 0.5) * width - 0.4 for at, _ in found]
        colour = _COLOURS[number % len(_COLOURS)]
        rates.bar(places, [one.rate for _, one in found], width, label=peer, color=colour, yerr=_spread(found))
        costs.bar(places, [one.cpu for _, one in found], width, label=peer, color=colour)
    for axes, title in ((rates, "requests/s, one core (more is better)"), (costs, "CPU µs a request (less is better)")):
        axes.set_title(title)
        axes.set_xticks(range(len(counts)), [f"{count:,} routes" for count in counts])
        axes.spines[["top", "right"]].set_visible(False)
    rates.legend(frameon=False)
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


def _spread(found: list[tuple[int, Row]]) -> list[list[float]]:
    return [[one.rate - one.low for _, one in found], [one.high - one.rate for _, one in found]]
