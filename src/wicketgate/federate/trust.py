"""What a cloud has to be told of the gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trust:
    """The gateway towards one origin: who issues its tokens, for whom, and the one subject to let in.

    `issuer` is the URL of the issuer; `installation` the claim that sets this gateway apart from every other.
    """

    issuer: str
    subject: str
    audience: str
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
