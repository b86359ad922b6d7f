"""What we read from a host is what botocore, which knows every service, signs with, or we read nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from wicketgate.resolve.aws_hosts import told_by

REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("abc123.execute-api.eu-west-1.amazonaws.com", ("execute-api", "eu-west-1")),
        ("ABC123.execute-api.EU-west-1.amazonaws.com:443", ("execute-api", "eu-west-1")),
        ("abc123.execute-api.cn-north-1.amazonaws.com.cn", ("execute-api", "cn-north-1")),
        ("abc123.execute-api.us-gov-west-1.amazonaws.com", ("execute-api", "us-gov-west-1")),
        ("xyz789.lambda-url.eu-west-1.on.aws", ("lambda", "eu-west-1")),
        ("svc-0123.7d67968.vpc-lattice-svcs.us-west-2.on.aws", ("vpc-lattice-svcs", "us-west-2")),
        ("bucket.s3.eu-west-1.amazonaws.com", ("s3", "eu-west-1")),
        ("a.bucket.with.dots.s3.eu-west-1.amazonaws.com", ("s3", "eu-west-1")),
        ("bucket.execute-api.s3.eu-west-1.amazonaws.com", ("s3", "eu-west-1")),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", ("s3", "eu-west-1")),
        ("bucket.s3.cn-northwest-1.amazonaws.com.cn", ("s3", "cn-northwest-1")),
        ("lambda.eu-west-1.api.aws", ("lambda", "eu-west-1")),
        ("dynamodb.us-east-1.amazonaws.com", ("dynamodb", "us-east-1")),
    ],
)
def test_hosts_that_tell_both(host: str, told: tuple[str, str]) -> None:
    assert told_by(host) == told


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("api.example.com", ""),
        ("127.0.0.1:9000", ""),
        ("[::1]:9000", ""),
        ("amazonaws.com", ""),
        ("bucket.s3.amazonaws.com", ""),
        ("sts.amazonaws.com", ""),
        ("iam.amazonaws.com", ""),
        ("abc.execute-api.eu-west-1.amazonaws.com.example.com", ""),
        ("abc.execute-api.eu-west-1.example-amazonaws.com", ""),
        ("abc.execute-api.eu-west-1.amazonaws.com.cn", ""),
        ("abc.execute-api.cn-north-1.amazonaws.com", ""),
        ("search-shop.eu-west-1.es.amazonaws.com", ""),
        ("mrap.accesspoint.s3-global.amazonaws.com", ""),
        ("vpce-1-2.execute-api.eu-west-1.vpce.amazonaws.com", ""),
        ("execute-api.eu-west-1.amazonaws.com", "eu-west-1"),
        ("a.b.execute-api.eu-west-1.amazonaws.com", "eu-west-1"),
        ("lambda-url.eu-west-1.on.aws", "eu-west-1"),
        ("lambda.eu-west-1.on.aws", "eu-west-1"),
        ("a.lambda.eu-west-1.amazonaws.com", "eu-west-1"),
        ("lambda.a.eu-west-1.amazonaws.com", "eu-west-1"),
        ("xyz.lambda-url.eu-west-1.amazonaws.com", "eu-west-1"),
        ("bucket.s3-website.eu-west-1.amazonaws.com", "eu-west-1"),
        ("abc-ats.iot.eu-west-1.amazonaws.com", "eu-west-1"),
        ("kms-fips.us-east-1.amazonaws.com", "us-east-1"),
    ],
)
def test_hosts_that_do_not_tell_all(host: str, region: str) -> None:
    assert told_by(host) == ("", region)


def _hosts(session: Session, name: str) -> dict[str, tuple[str, str]]:
    """Return the hosts of a service in all those regions, and what botocore signs with there."""
    found = {}
    for region in REGIONS:
        for dual_stack in (False, True):
            try:
                client: Any = session.create_client(
                    name,
                    region,
                    config=Config(use_dualstack_endpoint=dual_stack, ignore_configured_endpoint_urls=True),
                    aws_access_key_id="of-nobody",
                    aws_secret_access_key="of-nobody",
                )
            except BotoCoreError:
                continue
            signer = client._request_signer
            found[urlsplit(client.meta.endpoint_url).netloc] = (signer._signing_name, signer._region_name)
    return found


ALIKE = {
    "batch": 5,
    "dynamodb": 5,
    "events": 5,
    "kinesis": 5,
    "kms": 5,
    "lambda": 5,
    "s3": 5,
    "secretsmanager": 5,
    "sns": 5,
    "sqs": 5,
    "ssm": 5,
    "stepfunctions": 5,
    "cloudwatch": 5,
    "sts": 5,
}
"""Services whose hosts tell at least so much: in each region one host."""

UNALIKE = (
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "dynamodbstreams",
    "ecr",
    "iot-data",
    "iot-jobs-data",
    "lex-runtime",
    "sagemaker-runtime",
    "ses",
    "sesv2",
    "timestream-query",
    "pinpoint",
)
"""Services that are signed for under another name than their host's."""


def test_botocore_signs_with_what_we_read() -> None:
    session = Session()
    for name, least in ALIKE.items():
        hosts = _hosts(session, name)
        read = [host for host in hosts if told_by(host)[0]]
        assert {host: told_by(host) for host in read} == {host: hosts[host] for host in read}
        assert len(read) >= least, name


def test_what_botocore_signs_under_another_name_is_not_guessed() -> None:
    session = Session()
    for name in UNALIKE:
        hosts = _hosts(session, name)
        assert hosts, name
        assert {told_by(host)[0] for host in hosts} == {""}, name
