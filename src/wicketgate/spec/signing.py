"""Options of policies that sign requests as AWS does, and what follows from the host where they are left out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wicketgate.ir.origin import Signing, SigningAlgorithm
from wicketgate.spec.credentials import CredentialOptions

Region = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}(?:,[a-z0-9*-]{1,64})*$")]
"""A region; for SigV4A several, comma-separated."""
Service = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]{1,512}$")]
SessionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{2,64}$")]


class SigningOptions(CredentialOptions):
    """How requests are signed."""

    region: Region
    """The region of the service, such as `eu-west-1`."""
    service: Service = "execute-api"
    """The name under which it is signed for: `execute-api` for API Gateway, `lambda` for function URLs, `s3` …"""
    algorithm: Literal["sigv4", "sigv4a"] = "sigv4"
    """`sigv4a` signs for several regions at once."""
    payload: Literal["signed", "unsigned"] = "signed"
    """`signed` reads the whole body first (1 MiB at most); `unsigned` lets it pass unread, where the service allows."""

    @property
    def signing(self) -> Signing:
        return Signing(self.service, self.region, SigningAlgorithm(self.algorithm), self.payload == "signed")
