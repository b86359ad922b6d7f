"""Invoke a function of AWS Lambda (https://zuplo.com/docs/handlers/aws-lambda)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wicketgate.handler import Handler, HandlerContext
from wicketgate.ir.captures import Capture, captures
from wicketgate.ir.credentials.aws import KeyPair
from wicketgate.ir.credentials.base import CredentialUse, Renewal
from wicketgate.ir.gateway import AppendPath, Forward
from wicketgate.ir.invocation import Invocation
from wicketgate.ir.origin import Origin, SignatureProof, Signing, SigningAlgorithm, Upstream
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.spec.base import OptionalSecretText, Options
from wicketgate.spec.credentials import Endpoint

_SERVICE = "lambda"
_MediaType = Annotated[str, Field(pattern=r"^(?:\*|[a-z0-9!#$&^_.+-]+)/(?:\*|[a-z0-9!#$&^_.+-]+)$")]


class AwsLambdaOptions(Options):
    function_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9:_$.-]{1,170}$")]
    """The function: its name or ARN, with `:VERSION` or `:ALIAS` behind it if wanted."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$")]
    """The function's region, such as `eu-west-1`."""
    access_key_id: OptionalSecretText = None
    """The access key that may invoke it. Left out where an upstream AWS policy of the route signs."""
    secret_access_key: OptionalSecretText = None
    """Its secret, as `$env(NAME)`."""
    binary_media_types: tuple[_MediaType, ...] = ()
    """Media types whose bodies are base64 in the event, such as `image/*`; what is no UTF-8 is anyway."""
    return_amazon_trace_id_header: bool = False
    """Send the caller `X-Amzn-Trace-Id`."""
    use_lambda_proxy_integration: bool = False
    """Put API Gateway's `requestContext` into events, and demand its form of results in format 1.0."""
    payload_format_version: Literal["1.0", "2.0"] = "1.0"
    """API Gateway's format of events and results."""
    use_aws_resource_path_style: bool = False
    """Call the route in events as API Gateway would, with `{name}` and `{name+}`, and not as it is written here."""
    endpoint: Endpoint | None = None
    """Lambda, where it is not AWS's own of the region: a private endpoint."""


def _lower(options: AwsLambdaOptions, at: HandlerContext) -> Forward | None:
    target = at.target((options.endpoint or _endpoint(options.region),), option="endpoint")
    if target is None or not _is_signed_once(options, at):
        return None
    if any(part not in ("", "/") for part in target.rest):
        at.error("not-a-url", "an endpoint of Lambda has no path", option="endpoint", hint="write https://HOST[:PORT]")
        return None
    return Forward(
        Upstream(target.origin, _proofs(options, target.origin), is_lambda=True),
        AppendPath(""),
        invocation=Invocation(
            function=options.function_name,
            payload_format=options.payload_format_version,
            proxy=options.use_lambda_proxy_integration,
            resource=_aws_path(at.pattern) if options.use_aws_resource_path_style else at.pattern.text,
            binary_types=options.binary_media_types,
            returns_trace_id=options.return_amazon_trace_id_header,
        ),
    )


def _endpoint(region: str) -> str:
    return f"https://lambda.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def _is_signed_once(options: AwsLambdaOptions, at: HandlerContext) -> bool:
    """By the handler's own keys or by a policy's, and for Lambda."""
    keys = (options.access_key_id, options.secret_access_key)
    if at.signing is None and not all(keys):
        missing = "secretAccessKey" if options.access_key_id else "accessKeyId"
        hint = "write accessKeyId and secretAccessKey, or put an upstream AWS policy on the route"
        at.error("lambda-credentials", f"`{missing}` is missing, and no policy signs", option=missing, hint=hint)
        return False
    if at.signing is not None and any(keys):
        hint = "remove accessKeyId and secretAccessKey, or the policy"
        at.error("lambda-credentials", "a policy of the route signs already", option="accessKeyId", hint=hint)
        return False
    if at.signing is not None and not _is_for_lambda(at.signing, options.region):
        told = "the policy of the route signs for another service or region, or not the whole request"
        hint = f'in the policy: "service": "{_SERVICE}", "region": "{options.region}", no `algorithm`, no `payload`'
        at.error("lambda-credentials", told, option="region", hint=hint)
        return False
    return True


def _is_for_lambda(signing: Signing, region: str) -> bool:
    """What the policy leaves out is what the host tells. An event is signed whole, and by SigV4, as SDKs do."""
    named = signing.service in ("", _SERVICE) and signing.region in ("", region)
    return named and signing.signs_payload and signing.algorithm is SigningAlgorithm.SIGV4


def _proofs(options: AwsLambdaOptions, origin: Origin) -> tuple[SignatureProof, ...]:
    if options.access_key_id is None or options.secret_access_key is None:
        return ()
    keys = KeyPair(access_key_id=options.access_key_id, secret_access_key=options.secret_access_key, renewal=Renewal())
    use = CredentialUse(keys.bound(origin.url), origin.authority)
    return (SignatureProof(use, Signing(_SERVICE, options.region)),)


def _aws_path(pattern: PathPattern) -> str:
    cut = captures(pattern)
    if cut is None:
        return pattern.text
    names = iter(pattern.params)
    return "".join(
        part if not isinstance(part, Capture) else f"{{{next(names)}{'+' if part is Capture.REST else ''}}}"
        for part in cut
    )


HANDLER = Handler(export="awsLambdaHandler", options=AwsLambdaOptions, lower=_lower)
