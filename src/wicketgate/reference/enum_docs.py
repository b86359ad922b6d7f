"""The docstrings below the members of an enumeration."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from enum import Enum


def member_texts(enumeration: type[Enum]) -> Mapping[str, str]:
    """Return the text of each member by its name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(enumeration)))
    (definition,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    texts: dict[str, str] = {}
    for member, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and isinstance(text, ast.Expr):
            texts[member.targets[0].id] = " ".join(str(ast.literal_eval(text.value)).split())
    return texts
