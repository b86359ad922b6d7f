"""Google Cloud: a workload identity pool that trusts the gateway's issuer, and service accounts that single subjects of
it may act as.

Source: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from shlex import quote

from wicketgate.errors import WicketError
from wicketgate.federate.trust import Gateway, Setup, hcl, hcl_list, name_of

_PROVIDER = re.compile(
    r"(?://iam\.googleapis\.com/)?projects/(?P<project>[^/]+)/locations/global/"
    r"workloadIdentityPools/(?P<pool>[^/]+)/providers/(?P<provider>[^/]+)"
)
_OWN_PROJECT = re.compile(r"@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com$")


@dataclass(frozen=True, slots=True, order=True)
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

    @property
    def id_variable(self) -> str:
        """What Terraform calls the id of the project, of which the policy has the number only."""
        return name_of("project", self.project)

    @property
    def pool_label(self) -> str:
        return name_of(self.pool, self.project)

    @property
    def label(self) -> str:
        return name_of(self.provider, self.pool, self.project)


@dataclass(frozen=True, slots=True)
class Grant:
    """One origin's service account: which subject may act as it, by which provider, with a token for which audience."""

    provider: str
    service_account: str
    subject: str
    audience: str


def setup(gateway: Gateway, grants: Sequence[Grant], *, chosen: Sequence[Grant]) -> Setup:
    """Return what makes Google Cloud let the gateway act as the service accounts of `chosen`. `grants` are all that the
    project has: they share what is there once. Raises `WicketError`."""
    pools = sorted({Pool.parse(each.provider) for each in chosen})
    members = sorted({(Pool.parse(each.provider), each.service_account, each.subject) for each in chosen})
    audiences = {
        pool: sorted({each.audience for each in grants if Pool.parse(each.provider) == pool}) for pool in pools
    }
    projects = _first(pools, lambda pool: pool.project)
    alone = _first(pools, lambda pool: (pool.project, pool.pool))
    terraform = [
        *map(_project, projects),
        *map(_pool, alone),
        *(_provider(gateway, pool, audiences[pool]) for pool in pools),
        *(_member(*member) for member in members),
    ]
    commands: list[str] = []
    for project in projects:
        commands += [
            _set_project(project),
            *(_create_pool(pool) for pool in alone if pool.project == project.project),
            *(_create_provider(gateway, pool, audiences[pool]) for pool in pools if pool.project == project.project),
            *(_bind(*member) for member in members if member[0].project == project.project),
        ]
    return Setup("\n".join(terraform), "".join(commands))


def _first(pools: Sequence[Pool], alike: Callable[[Pool], object]) -> list[Pool]:
    """Return the first of those that are alike; they are sorted."""
    return [next(same) for _, same in groupby(pools, alike)]


def _condition(gateway: Gateway) -> str:
    """Return what all tokens of this gateway have, and those of no other; the subject is for each binding to say."""
    return f"assertion.installation == {_cel(gateway.installation)}"


def _cel(text: str) -> str:
    """Return a string of the Common Expression Language in its quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _project(pool: Pool) -> str:
    return f"""\
variable "{pool.id_variable}" {{
  type        = string
  description = {hcl(f"The id, not the number, of the project {pool.project}")}
}}
"""


def _pool(pool: Pool) -> str:
    return f"""\
# Once, for every origin of this gateway.
resource "google_iam_workload_identity_pool" "{pool.pool_label}" {{
  project                   = var.{pool.id_variable}
  workload_identity_pool_id = {hcl(pool.pool)}
}}
"""


def _provider(gateway: Gateway, pool: Pool, audiences: Sequence[str]) -> str:
    of_pool = f"google_iam_workload_identity_pool.{pool.pool_label}.workload_identity_pool_id"
    return f"""\
resource "google_iam_workload_identity_pool_provider" "{pool.label}" {{
  project                            = var.{pool.id_variable}
  workload_identity_pool_id          = {of_pool}
  workload_identity_pool_provider_id = {hcl(pool.provider)}
  attribute_mapping                  = {{ "google.subject" = "assertion.sub" }}
  attribute_condition                = {hcl(_condition(gateway))}

  oidc {{
    issuer_uri        = {hcl(gateway.issuer)}
    allowed_audiences = {hcl_list(audiences)}
  }}
}}
"""


def _member(pool: Pool, service_account: str, subject: str) -> str:
    return f"""\
resource "google_service_account_iam_member" "{name_of(subject, service_account, pool.label)}" {{
  service_account_id = {hcl(f"projects/-/serviceAccounts/{service_account}")}
  role               = "roles/iam.workloadIdentityUser"
  member             = {hcl(pool.principal(subject))}
}}
"""


_WHERE = '--project="$PROJECT" --location=global'


def _set_project(pool: Pool) -> str:
    return f"""\
# The id of the project, which gcloud wants in place of the number.
PROJECT=$(gcloud projects describe {quote(pool.project)} --format='value(projectId)')
# Pools and providers: once, for every origin of this gateway.
"""


def _create_pool(pool: Pool) -> str:
    return f"gcloud iam workload-identity-pools create {quote(pool.pool)} {_WHERE}\n"


def _create_provider(gateway: Gateway, pool: Pool, audiences: Sequence[str]) -> str:
    return f"""\
gcloud iam workload-identity-pools providers create-oidc {quote(pool.provider)} {_WHERE} \\
  --workload-identity-pool={quote(pool.pool)} \\
  --issuer-uri={quote(gateway.issuer)} \\
  --allowed-audiences={quote(",".join(audiences))} \\
  --attribute-mapping=google.subject=assertion.sub \\
  --attribute-condition={quote(_condition(gateway))}
"""


def _bind(pool: Pool, service_account: str, subject: str) -> str:
    own = _OWN_PROJECT.search(service_account)
    return f"""\
gcloud iam service-accounts add-iam-policy-binding {quote(service_account)} \\
  --project={own["project"] if own else '"$PROJECT"'} \\
  --role=roles/iam.workloadIdentityUser \\
  --member={quote(pool.principal(subject))}
"""
