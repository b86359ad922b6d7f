"""Whom the tokens speak for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

LONGEST_SUBJECT = 127
"""Bytes that Google takes as `google.subject`
(https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers)."""
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """One installation of the gateway; `url` is its issuer."""

    url: str
    installation: str
    project: str
    environment: str

    def subject(self, origin: str) -> str:
        """Return the `sub` towards one origin: no other installation and no other origin has it."""
        subject = f"wicket:{self.installation}:{origin}"
        if len(subject.encode()) <= LONGEST_SUBJECT:
            return subject
        return f"wicket:{self.installation}:{hashlib.sha256(origin.encode()).hexdigest()[:_DIGEST]}"
