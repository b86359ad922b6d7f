"""Pages on disk: write them, find the stale ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Write every page and remove files that no page accounts for."""
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in _present(folder) - pages.keys():
        (folder / name).unlink()


def stale(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """Return the names that are missing, differ, or should not be there."""
    present = _present(folder)
    different = {name for name in present & pages.keys() if (folder / name).read_text() != pages[name]}
    return sorted(different | (pages.keys() ^ present))


def _present(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
