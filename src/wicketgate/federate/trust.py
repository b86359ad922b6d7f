"""What a cloud has to be told of the gateway."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

_NO_WORD = re.compile(r"[^a-z0-9]+")
_READABLE, _DIGEST = 40, 8


@dataclass(frozen=True, slots=True)
class Gateway:
    """Who issues the tokens: the URL of the issuer, and the claim that sets this gateway apart from every other."""

    issuer: str
    installation: str


@dataclass(frozen=True, slots=True)
class Setup:
    """The same trust twice: as Terraform, and as commands of the vendor's command line."""

    terraform: str
    commands: str


def hcl(text: str) -> str:
    """Return a string of the HashiCorp configuration language in its quotes; `${` and `%{` would begin templates.

    Source: https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def hcl_list(texts: Iterable[str]) -> str:
    """Return a list of such strings."""
    return f"[{', '.join(map(hcl, texts))}]"


def name_of(*parts: str, joint: str = "_") -> str:
    """Return a name for what belongs to these: readable, the same each time, and nothing else's."""
    words = _NO_WORD.sub(joint, "_".join(parts).lower())[:_READABLE].strip(joint)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST]
    return joint.join(["wicketgate", *filter(None, [words]), digest])
