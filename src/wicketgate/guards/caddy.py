"""Caddy 2.8 or newer: an expression compares the header with the lines of a file, read on each request."""

from __future__ import annotations

from wicketgate.guards.config import MINIMUM_SECRET_BYTES, GuardConfig
from wicketgate.guards.server import Server, ask_secret, fill, heading, problem_with

_TEMPLATE = """\
@heading@
# Caddy has no constant-time comparison and no digest in its expressions: it compares the secret as a plain
# string, which may stop early where they differ. Over a network that difference is far below the noise; when
# that is not good enough, guard the application itself.
# Write the secret into a file that only Caddy's user can read, in bash:
@ask_current@
#   $ [ "$(id -u)" != 0 ] || ! id caddy >/dev/null 2>&1 || chown caddy @file@
# To rotate: add the next one; later remove the first line. Caddy reads the file on each request, no reload.
@ask_next@
# Without the file, or with an empty one, every request is refused and the log says why.
http://:@port@ {
	bind @host@
	# Caddy's access log shows request headers, and a secret sent under a wrong name would be among them.
	log {
		format filter {
			wrap json
			request>headers delete
		}
	}

	vars wicketgate_guard_secrets {file.@file@}
	@unproven expression `!(size({http.request.header.@header@}) >= @minimum@ \
&& {http.request.header.@header@} in {http.vars.wicketgate_guard_secrets}.split("\\n"))`
@verdict@
	handle {
		# The application sees the header in no spelling; some frameworks take _ for -.
@strip@
		reverse_proxy @upstream@
	}
}
"""

_ENFORCE = """\
	handle @unproven {
		templates {
			mime application/problem+json
		}
		header {
			Content-Type application/problem+json
			Cache-Control no-store
		}
		respond `@problem@` 401
	}
"""

_OBSERVE = """\
	log_append @unproven wicketgate_guard would-refuse
"""


def _render(config: GuardConfig) -> str:
    file = config.secret_file or "/etc/caddy/wicketgate-guard.secrets"
    host, port = config.listen_at
    problem = problem_with("{{ .OriginalReq.URL.EscapedPath | toJson }}")
    names = (config.header, *config.aliases)
    return fill(
        _TEMPLATE,
        heading=heading("Caddy", config),
        ask_current=ask_secret(f"""printf '%s\\n' "$SECRET" > {file}"""),
        ask_next=ask_secret(f"""printf '%s\\n' "$SECRET" >> {file}"""),
        verdict=(fill(_ENFORCE, problem=problem) if config.enforcing else _OBSERVE).rstrip("\n"),
        strip="\n".join(f"\t\trequest_header -{name}" for name in names),
        header=config.header,
        file=file,
        host=host.strip("[]"),
        port=str(port),
        minimum=str(MINIMUM_SECRET_BYTES),
        upstream=config.upstream,
    )


SERVER = Server("caddy", _render)
