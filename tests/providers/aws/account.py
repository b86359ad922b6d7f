"""An account of AWS at moto, which verifies signatures and IAM policies when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import botocore.session
import httpx

KEYS = {"ID": "AKIDEXAMPLE", "KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


@dataclass(frozen=True)
class Account:
    """An account of AWS at moto, where one user may assume roles."""

    url: str
    keys: dict[str, str]

    def client(self, service: str) -> Any:
        return botocore.session.Session().create_client(
            service,
            "eu-west-1",
            endpoint_url=self.url,
            aws_access_key_id=self.keys["ID"],
            aws_secret_access_key=self.keys["KEY"],
        )

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Let moto verify signatures, policies and who is trusted."""
        self._let_pass("0")
        try:
            yield
        finally:
            self._let_pass("inf")

    def _let_pass(self, requests: str) -> None:
        httpx.post(f"{self.url}/moto-api/reset-auth", content=requests, trust_env=False).raise_for_status()
