"""Google Cloud: a workload identity pool that trusts the gateway's issuer, and a service account that it may act as.

Source: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from wicketgate.errors import WicketError
from wicketgate.federate.trust import Setup, Trust, hcl

_PROVIDER = re.compile(
    r"(?://iam\.googleapis\.com/)?projects/(?P<project>[^/]+)/locations/global/"
    r"workloadIdentityPools/(?P<pool>[^/]+)/providers/(?P<provider>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class Pool:
    """The parts of `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`."""

    project: str
    pool: str
    provider: str

    @classmethod
    def parse(cls, text: str) -> Pool:
        """Split the option `workloadIdentityProvider`. Raises `WicketError` for what is none."""
        match = _PROVIDER.fullmatch(text)
        if match is None:
            raise WicketError(
                f"`{text}` is no workload identity provider",
                hint="projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
            )
        return cls(match["project"], match["pool"], match["provider"])

    def principal(self, subject: str) -> str:
        """Return the one identity of the pool that a subject has."""
        return (
            f"principal://iam.googleapis.com/projects/{self.project}/locations/global/"
            f"workloadIdentityPools/{self.pool}/subject/{subject}"
        )


def setup(trust: Trust, *, provider: str, service_account: str) -> Setup:
    """Return what makes Google Cloud let the gateway act as `service_account`. Raises `WicketError`."""
    pool = Pool.parse(provider)
    condition = f"assertion.installation == {_cel(trust.installation)} && assertion.sub == {_cel(trust.subject)}"
    return Setup(
        _terraform(trust, pool, service_account, condition),
        _commands(trust, pool, service_account, condition),
    )


def _cel(text: str) -> str:
    """Return a string of the Common Expression Language in its quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _terraform(trust: Trust, pool: Pool, service_account: str, condition: str) -> str:
    return f"""\
resource "google_iam_workload_identity_pool" "wicketgate" {{
  project                   = {hcl(pool.project)}
  workload_identity_pool_id = {hcl(pool.pool)}
}}

resource "google_iam_workload_identity_pool_provider" "wicketgate" {{
  project                            = {hcl(pool.project)}
  workload_identity_pool_id          = google_iam_workload_identity_pool.wicketgate.workload_identity_pool_id
  workload_identity_pool_provider_id = {hcl(pool.provider)}
  attribute_mapping                  = {{ "google.subject" = "assertion.sub" }}
  attribute_condition                = {hcl(condition)}

  oidc {{
    issuer_uri        = {hcl(trust.issuer)}
    allowed_audiences = [{hcl(trust.audience)}]
  }}
}}

resource "google_service_account_iam_member" "wicketgate" {{
  service_account_id = {hcl(f"projects/-/serviceAccounts/{service_account}")}
  role               = "roles/iam.workloadIdentityUser"
  member             = {hcl(pool.principal(trust.subject))}
}}
"""


def _commands(trust: Trust, pool: Pool, service_account: str, condition: str) -> str:
    project = f"--project={quote(pool.project)} --location=global"
    return f"""\
gcloud iam workload-identity-pools create {quote(pool.pool)} {project}
gcloud iam workload-identity-pools providers create-oidc {quote(pool.provider)} {project} \\
  --workload-identity-pool={quote(pool.pool)} \\
  --issuer-uri={quote(trust.issuer)} \\
  --allowed-audiences={quote(trust.audience)} \\
  --attribute-mapping=google.subject=assertion.sub \\
  --attribute-condition={quote(condition)}
gcloud iam service-accounts add-iam-policy-binding {quote(service_account)} \\
  --role=roles/iam.workloadIdentityUser \\
  --member={quote(pool.principal(trust.subject))}
"""
