"""All rows, and the compiler's answer to a project that has the policy of one."""

from __future__ import annotations

from pathlib import Path

from tests.support.known_certificates import KnownCertificates
from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from tests.unit.policies.rows import aws, azure, google, oauth, own
from tests.unit.policies.rows.row import Row
from wicketgate.compile import Compiled, compile_project
from wicketgate.policy.registry import built_in_policies
from wicketgate.spec.credentials import CredentialOptions

VARIABLES = GivenVariables(secret={"SECRET": "canary", "KEY": "canary of a key"}, plain={"PLAIN": "a plain value"})
CERTIFICATES = KnownCertificates(pairs={"client": None})
ISSUER = '[issuer]\nurl = "https://gateway.example.com"\nalgorithm = "RS256"\n'
WRITTEN = [*oauth.ROWS, *azure.ROWS, *google.ROWS, *aws.ROWS, *own.ROWS]
POLICIES = {
    export: found for export, found in built_in_policies().items() if issubclass(found.options, CredentialOptions)
}
FIRST = {row.export: row for row in reversed(WRITTEN)}
"""A row of each policy."""


def compiled_with(row: Row, folder: Path) -> Compiled:
    policy_type = POLICIES[row.export].policy_type
    route = operation(handler("urlForwardHandler", baseUrl=f"https://{row.host}"), inbound=["p"])
    written = policy("p", policy_type, row.export, **row.options)
    project = write_project(folder, {"/": {"get": route}}, policies=[written], toml=ISSUER)
    (project / "certs").mkdir()
    (project / "certs/ca.pem").touch()
    return compile_project(project, variables=VARIABLES, certificates=CERTIFICATES, roots=Path("/roots.pem"))
