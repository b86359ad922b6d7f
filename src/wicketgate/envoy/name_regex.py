"""A regular expression for every header name but some: RE2 has no negation, so the complement is written out."""

from __future__ import annotations

import re
from collections.abc import Iterable


def any_name_but(names: Iterable[str]) -> str:
    """Return an expression (RE2, full match) for header names that are none of `names`, pseudo headers left out."""
    tree: dict[str, dict[str, object]] = {}
    for name in sorted(set(names)):
        node = tree
        for char in name:
            node = node.setdefault(char, {})  # type: ignore[assignment]
        node["end"] = {}
    return _other(tree, first=True)


def _other(node: dict[str, dict[str, object]], *, first: bool = False) -> str:
    """Match what leaves the tree at this node, or ends here without being one of its words."""
    letters = sorted(char for char in node if char != "end")
    outside = "".join(re.escape(char) for char in letters) + (":" if first else "")
    branches = [f"[^{outside}].*" if outside else ".+"]
    branches += [f"{re.escape(char)}{_other(node[char])}" for char in letters]  # type: ignore[arg-type]
    if "end" not in node and not first:
        branches.append("")
    return f"(?:{'|'.join(branches)})"
