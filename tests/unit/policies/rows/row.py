"""One row of the table: options of a policy with a credential, and the proof that comes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.ir.origin import SignatureProof, Signing, TokenProof
from wicketgate.ir.secrets import BrokeredToken, TextSecret, VariableRef

HOST = "api.example.com"
SECRET = TextSecret((VariableRef("SECRET"),))
KEY = TextSecret((VariableRef("KEY"),))


@dataclass(frozen=True)
class Row:
    """`export` is the policy; `host` where the route leads. Values of `options` are as they stand in the JSON."""

    export: str
    options: Mapping[str, Any]
    proof: TokenProof | SignatureProof
    host: str = HOST

    def __str__(self) -> str:
        written = ",".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.export.removeprefix('Upstream').removesuffix('InboundPolicy')}:{written}"

    def but(self, options: Mapping[str, Any], **changes: Any) -> Row:
        """Return the row with further options, which change the credential so."""
        return self.to(options, dataclasses.replace(self.credential, **changes))

    def to(self, options: Mapping[str, Any], credential: Credential) -> Row:
        """Return the row with further options, of which another credential comes."""
        return dataclasses.replace(
            self, options={**self.options, **options}, proof=_with_credential(self.proof, credential)
        )

    @property
    def credential(self) -> Credential:
        return _use(self.proof).credential


def text(written: str) -> TextSecret:
    return TextSecret((written,))


def sent(credential: Credential, *, header: str = "authorization", prefix: str = "Bearer ") -> TokenProof:
    return TokenProof(header, BrokeredToken(CredentialUse(credential, HOST), prefix))


def signed(credential: Credential, signing: Signing, *, host: str = HOST) -> SignatureProof:
    return SignatureProof(CredentialUse(credential, host), signing)


def _use(proof: TokenProof | SignatureProof) -> CredentialUse:
    return proof.keys if isinstance(proof, SignatureProof) else proof.token.use


def _with_credential(proof: TokenProof | SignatureProof, credential: Credential) -> TokenProof | SignatureProof:
    use = dataclasses.replace(_use(proof), credential=credential)
    if isinstance(proof, SignatureProof):
        return dataclasses.replace(proof, keys=use)
    return dataclasses.replace(proof, token=dataclasses.replace(proof.token, use=use))
