"""From what is written into policies.json to what the route sends: through check and compile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.known_certificates import KnownCertificates
from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.ir.gateway import Forward
from wicketgate.ir.origin import SignatureProof, TokenProof

ISSUER = '[issuer]\nurl = "https://gateway.example.com"\nalgorithm = "RS256"\n'
HOST = "abc.execute-api.eu-west-1.amazonaws.com"
Kind = tuple[str, str]


def kind_of(policy_type: str, *, export: str = "") -> Kind:
    """Return the names of a policy; the export follows from the type, but where it does not."""
    made = "".join(part.capitalize() for part in policy_type.split("-")) + "Policy"
    return policy_type, export or made


def lowered(folder: Path, kind: Kind, options: dict[str, Any]) -> tuple[SignatureProof | TokenProof, list[str]]:
    """Return what a route with one policy sends its origin, and the codes of what the user is told."""
    route = operation(handler("urlForwardHandler", baseUrl=f"https://{HOST}"), inbound=["it"])
    (folder / "certs").mkdir(exist_ok=True)
    (folder / "certs" / "ca.pem").touch()
    compiled = compile_project(
        write_project(folder, {"/": {"get": route}}, policies=[policy("it", *kind, **options)], toml=ISSUER),
        variables=GivenVariables(secret={"SECRET": "s", "ID": "i", "TOKEN": "t"}),
        certificates=KnownCertificates(pairs={"client": None}),
        roots=Path("/roots.pem"),
    )
    assert compiled.gateway is not None, [str(each) for each in compiled.diagnostics]
    action = compiled.gateway.routes[0].action
    assert isinstance(action, Forward)
    (proof,) = action.upstream.proofs
    assert isinstance(proof, SignatureProof | TokenProof)
    return proof, [each.code for each in compiled.diagnostics]
