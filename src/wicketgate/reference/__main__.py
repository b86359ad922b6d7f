"""`python -m wicketgate.reference FOLDER [--check]` writes the reference, or tells whether it is fresh."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wicketgate.reference.pages import all_pages
from wicketgate.reference.write import stale, write


def main(arguments: list[str]) -> int:
    """Write the pages below the folder, or with `--check` name those that differ and return 1."""
    parser = argparse.ArgumentParser(prog="python -m wicketgate.reference")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    pages = all_pages()
    if not given.check:
        write(given.folder, pages)
        return 0
    wrong = stale(given.folder, pages)
    for name in wrong:
        print(f"{given.folder / name} is not what the code says; run `make generate`", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
