"""`python -m bench`: measure, print, write the page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.measured import Measured
from bench.page import write_page
from bench.peers.registry import PEERS, named
from bench.plan import make_plan
from bench.plot import draw
from bench.processes import BenchError
from bench.run import run

_DOCS = Path(__file__).parent.parent / "docs"
_NAMES = ",".join(peer.name.split()[0] for peer in PEERS)


def main() -> int:
    """Return 0, or 1 when a peer or a request failed: then nothing is written."""
    given = _arguments()
    raw = given.out / "benchmarks.json"
    try:
        if not given.page:
            plan = make_plan(quick=given.quick, seed=given.seed)
            run(named(given.peers.split(",")), plan, say=_say).save(raw)
    except BenchError as error:
        print(f"benchmark failed, nothing written: {error}", file=sys.stderr)
        return 1
    measured = Measured.load(raw)
    draw(measured, given.out / "benchmarks.svg")
    page = given.out / "benchmarks.md"
    write_page(measured, page, picture="benchmarks.svg", raw=raw.name)
    print(page.read_text())
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test: one short round at 10 routes")
    parser.add_argument("--page", action="store_true", help="write the page anew from the last raw numbers")
    parser.add_argument("--peers", default=_NAMES, metavar="NAME,…", help=f"of {_NAMES}")
    parser.add_argument("--seed", type=int, default=1, help="of paths and their order")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: docs, with --quick a folder of its own")
    given = parser.parse_args()
    if given.out is None:
        given.out = Path(__file__).parent.parent / "build" / "bench" if given.quick else _DOCS
    given.out.mkdir(parents=True, exist_ok=True)
    return given


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
