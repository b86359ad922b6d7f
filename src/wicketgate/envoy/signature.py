"""Signatures over requests, made by Envoy on each try.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html

Envoy sends a request unsigned when it has no keys. So a gate stands before the signer, which is open while the broker
holds keys, and behind it the date is demanded that only the signer writes: without it the request is answered 503.
Between the two stands a program that only unsigned requests meet: one that ends with trailers, which Envoy does not
sign, is answered 400, for it is no fault of the keys.

How Envoy 1.39 reads keys, measured with two workers: a file that is moved in counts within milliseconds, for all of
them; one that is written in place does not count. One that is missing when the signer is made is never looked at again.
Later, one that goes, is empty or has more than 4,096 bytes leaves it the keys that it has, while one without keys, or
one that cannot be parsed, makes it forget them.

What is signed: method, path, query, the hash of the body, and every header that has a value, `host` as the origin gets
it, but those of one hop or changed on the way; for AWS more are left out, as its own SDKs do. Envoy itself leaves out
`x-forwarded-for`, `x-forwarded-proto` and `x-amzn-trace-id`. A body is read whole, 1 MiB at most (else 413), unless it
stays unsigned. For S3 a path is encoded only if it holds no escape: one that holds both escapes and unescaped reserved
characters is refused there. Elsewhere a path is signed without its empty segments.
"""

from __future__ import annotations

from importlib.resources import files

from wicketgate.envoy.injection import demand, inject
from wicketgate.envoy.names import use_name
from wicketgate.envoy.types import extension, http_filter
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.origin import Signing, SigningAlgorithm, Verifier
from wicketgate.ir.secrets import SigningKeys
from wicketgate.json_types import JsonObject

_SIGNATURE = "authorization"
_DATE = "x-amz-date"
_HOP_HEADERS = ("connection", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
_ON_THE_WAY = ("baggage", "traceparent", "tracestate", "via")
_UNSIGNED = (_SIGNATURE, *_HOP_HEADERS, *_ON_THE_WAY)
"""A guard refuses what is not signed, but for these."""
_UNSIGNED_FOR_AWS = ("proxy-authenticate", "proxy-authorization", "trailer", "user-agent")
"""botocore 1.44 leaves these out for AWS, and awscrt 0.38 `sec-websocket-*`: hops on the way may change them."""
_FORGEABLE = ("x-amz-content-sha256", _DATE, "x-amz-region-set", "x-amz-security-token")
_TRAILERS_PROGRAM = files("wicketgate.envoy").joinpath("trailers.lua").read_text(encoding="utf-8")
_ALGORITHMS = {SigningAlgorithm.SIGV4: "AWS_SIGV4", SigningAlgorithm.SIGV4A: "AWS_SIGV4A"}


def keys_file(use: CredentialUse) -> str:
    """Return where Envoy reads the keys: a path relative to the directory in which it was started."""
    return f"keys/{use_name(use).rpartition('/')[2]}/credentials"


def signature_filters(use: CredentialUse, signing: Signing) -> list[JsonObject]:
    """Return the filters that sign: the caller's own signature goes, the gate, the signer, the demand behind it.

    The gate writes where the signature will stand: so it takes away the caller's, and costs no filter to clean up.
    """
    return [
        _remove("wicketgate.signature.forget", *_FORGEABLE),
        inject(_SIGNATURE, SigningKeys(use)),
        _signer(use, signing),
        *([_refuse_trailers()] if signing.signs_payload else []),
        demand(_DATE),
    ]


def _signer(use: CredentialUse, signing: Signing) -> JsonObject:
    path = keys_file(use)
    return http_filter(
        "wicketgate.signature",
        "aws_request_signing.v3.AwsRequestSigning",
        service_name=signing.service,
        region=signing.region,
        signing_algorithm=_ALGORITHMS[signing.algorithm],
        use_unsigned_payload=not signing.signs_payload,
        match_excluded_headers=_excluded(signing.verifier),
        credential_provider={
            "custom_credential_provider_chain": True,
            "credentials_file_provider": {
                "credentials_data_source": {
                    "filename": path,
                    "watched_directory": {"path": path.rpartition("/")[0]},
                },
                "profile": "default",
            },
        },
    )


def _excluded(verifier: Verifier) -> list[JsonObject]:
    names = _UNSIGNED if verifier is Verifier.GUARD else (*_UNSIGNED, *_UNSIGNED_FOR_AWS)
    prefixes = () if verifier is Verifier.GUARD else ("sec-websocket-",)
    return [*({"exact": name} for name in names), *({"prefix": prefix} for prefix in prefixes)]


def _refuse_trailers() -> JsonObject:
    """Return the program, which Envoy passes by where there is a date: signed requests pay for one comparison."""
    date = extension("date", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=_DATE)
    signed = {"single_predicate": {"input": date, "value_match": {"contains": "T"}}}
    skip = extension("skip", "envoy.extensions.filters.common.matcher.action.v3.SkipFilter")
    program = {"inline_string": _TRAILERS_PROGRAM}
    return extension(
        "wicketgate.signature.trailers",
        "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
        extension_config=http_filter("wicketgate.trailers", "lua.v3.Lua", default_source_code=program),
        xds_matcher={"matcher_list": {"matchers": [{"predicate": signed, "on_match": {"action": skip}}]}},
    )


def _remove(name: str, *headers: str) -> JsonObject:
    removals = [{"remove": header} for header in headers]
    return http_filter(name, "header_mutation.v3.HeaderMutation", mutations={"request_mutations": removals})
