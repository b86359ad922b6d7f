"""What the host of an AWS service says about how requests to it are signed.

Sources: https://docs.aws.amazon.com/general/latest/gr/rande.html and each service's own page there. Many services are
signed for under another name than their host's (`email` as `ses`), so only those named here are read.
"""

from __future__ import annotations

import re

from wicketgate.resolve.authority import split_host_port

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-\d{1,2}")
_DOMAINS = (".amazonaws.com.cn", ".amazonaws.com", ".on.aws", ".api.aws")
_CHINA = ".amazonaws.com.cn"

_SIGNED_AS_NAMED = re.compile(
    "athena|batch|bedrock|cloudformation|cloudtrail|codebuild|cognito-idp|comprehend|dynamodb|ec2|ecs|eks|events|firehose|"
    "glue|guardduty|kinesis|kms|lambda|logs|monitoring|polly|rds|rekognition|scheduler|secretsmanager|servicediscovery|"
    "sns|sqs|ssm|states|sts|swf|textract|transcribe|translate|xray"
)
"""Services with one host in each region, `SERVICE.REGION`, signed for as `SERVICE`."""

_BELOW: dict[tuple[str, str], int] = {
    ("execute-api", "amazonaws.com"): 1,
    ("lambda-url", "on.aws"): 1,
    ("vpc-lattice-svcs", "on.aws"): 2,
}
"""How many labels stand before those hosts that are each customer's own."""

_OTHER_NAME = {"lambda-url": "lambda"}


def told_by(authority: str) -> tuple[str, str]:
    """Return the name of the service to sign for, and its region, each empty where the host does not tell it.

    Raises `AuthorityError` for what is no authority.
    """
    host = split_host_port(authority)[0].lower()
    domain = next((each for each in _DOMAINS if host.endswith(each)), "")
    *before, region = host.removesuffix(domain).split(".")
    in_china = region.startswith("cn-")
    if (
        not domain
        or not _REGION.fullmatch(region)
        or (domain.startswith(".amazonaws") and in_china != (domain == _CHINA))
    ):
        return "", ""
    return _service(before, domain.removeprefix(".").removesuffix(".cn")), region


def _service(before: list[str], domain: str) -> str:
    if domain == "amazonaws.com" and (before[-1:] == ["s3"] or before[-2:] == ["s3", "dualstack"]):
        return "s3"
    if len(before) == 1 and domain != "on.aws" and _SIGNED_AS_NAMED.fullmatch(before[0]):
        return before[0]
    if before and _BELOW.get((before[-1], domain)) == len(before) - 1:
        return _OTHER_NAME.get(before[-1], before[-1])
    return ""
