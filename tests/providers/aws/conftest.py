"""An account with one user, who may assume a role and invoke functions. moto has one state for a process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tests.providers.aws.account import KEYS, Account


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    iam = Account(url, KEYS).client("iam")
    iam.create_user(UserName="gateway")
    allowed = [{"Effect": "Allow", "Action": ["sts:*", "lambda:*"], "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName="gateway", PolicyName="gateway", PolicyDocument=document)
    key = iam.create_access_key(UserName="gateway")["AccessKey"]
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:user/gateway"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "tenant-7"}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    iam.create_role(RoleName="wicketgate", AssumeRolePolicyDocument=trust)
    yield Account(url, {"ID": key["AccessKeyId"], "KEY": key["SecretAccessKey"]})
    server.stop()
