"""Options of policies that sign requests as AWS does, and what follows from the host where they are left out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.origin import Signing, SigningAlgorithm
from wicketgate.spec.credentials import CredentialOptions

Region = Annotated[str, Field(pattern=r"^[a-z0-9*-]{1,64}(?:,[a-z0-9*-]{1,64})*$")]
"""A region; for SigV4A several, comma-separated, and `*` for any text."""
Service = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]{1,512}$")]
SessionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{2,64}$")]


def one_region(algorithm: str, region: str) -> None:
    """Refuse several regions where the scope of a signature holds one
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Raises
    `PydanticCustomError`."""
    if algorithm == "sigv4" and {",", "*"} & set(region):
        hint = 'write one region, or `"algorithm": "sigv4a"`'
        raise PydanticCustomError("wrong-value", "a signature of `sigv4` is for one region", {"hint": hint})


def region_of_sts(region: str) -> None:
    """Refuse regions of which the first, where STS is asked for a role, is none. Raises `PydanticCustomError`."""
    if "*" in region.partition(",")[0]:
        hint = "write that region first, and the pattern behind it"
        raise PydanticCustomError("wrong-value", "a role is assumed in one region: `*` is none", {"hint": hint})


class SigningOptions(CredentialOptions):
    """How requests are signed."""

    region: Region | None = None
    """The region of the service, such as `eu-west-1`; left out, what the host of the origin says."""
    service: Service | None = None
    """The name under which it is signed for: `execute-api` for API Gateway, `lambda` for function URLs, `s3` …; left
    out, what the host of the origin says."""
    algorithm: Literal["sigv4", "sigv4a"] = "sigv4"
    """`sigv4a` signs for several regions at once."""
    payload: Literal["signed", "unsigned"] = "signed"
    """`signed` reads the whole body first (1 MiB at most); `unsigned` lets it pass unread, where the service allows."""

    @model_validator(mode="after")
    def _one_region(self) -> SigningOptions:
        one_region(self.algorithm, self.region or "")
        return self

    @model_validator(mode="after")
    def _regions_are_written(self) -> SigningOptions:
        if self.algorithm == "sigv4a" and self.region is None:
            raise PydanticCustomError(
                "missing-key",
                "`sigv4a` needs `region`: a host tells one region, not which of several",
                {"hint": "write them, comma-separated"},
            )
        return self

    @property
    def signing(self) -> Signing:
        algorithm = SigningAlgorithm(self.algorithm)
        return Signing(self.service or "", self.region or "", algorithm, self.payload == "signed")

    @property
    def first_region(self) -> str:
        """Where STS is asked; empty is where the origin is."""
        return (self.region or "").partition(",")[0]
