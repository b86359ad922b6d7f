"""moto's Lambda takes what the gateway sends, with the signature that Envoy made of it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Running, running, until
from tests.providers.aws.account import Account
from tests.support.project import handler, operation, policy, write_project


@pytest.fixture
def gateway(account: Account, tmp_path: Path) -> Iterator[Running]:
    _create_function(account)
    known = {"functionName": "orders", "region": "eu-west-1", "endpoint": account.url}
    keys = {"accessKeyId": "$env(KEY_ID)", "secretAccessKey": "$env(KEY)"}
    signed = {**keys, "service": "lambda", "region": "eu-west-1"}
    name = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
    routes = {
        "/orders": operation(handler("awsLambdaHandler", useLambdaProxyIntegration=True, **known, **keys)),
        "/by-policy": operation(handler("awsLambdaHandler", **known), inbound=["aws"]),
    }
    write_project(
        tmp_path, {path: {"post": route} for path, route in routes.items()}, policies=[policy("aws", *name, **signed)]
    )
    (tmp_path / ".env").write_text(f"KEY_ID={account.keys['ID']}\nKEY={account.keys['KEY']}\n")
    with running(tmp_path) as found:
        until(lambda: found.status()["ready"])
        yield found


def _create_function(account: Account) -> None:
    api = f"{account.url}/moto-api"
    httpx.post(f"{api}/config", json={"lambda": {"use_docker": False}}, trust_env=False).raise_for_status()
    result = json.dumps({"statusCode": 201, "body": "from the function", "headers": {"x-made-by": "orders"}})
    results = {"results": [result, result, result], "region": "eu-west-1"}
    url = f"{api}/static/lambda-simple/response"
    httpx.post(url, json=results, trust_env=False).raise_for_status()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("orders.py", "def handle(event, context): ...")
    account.client("lambda").create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Role="arn:aws:iam::123456789012:role/wicketgate",
        Handler="orders.handle",
        Code={"ZipFile": packed.getvalue()},
    )


def test_a_function_answers_to_its_user_alone(account: Account, gateway: Running) -> None:
    with account.checking():
        answer = httpx.post(f"{gateway.url}/orders", content=b"order", trust_env=False)
        assert (answer.status_code, answer.text, answer.headers["x-made-by"]) == (201, "from the function", "orders")
        assert httpx.post(f"{gateway.url}/by-policy", content=b"order", trust_env=False).text == "from the function"
        gateway.project.joinpath(".env").write_text(f"KEY_ID={account.keys['ID']}\nKEY=another\n")
        until(lambda: _code(gateway) == "lambda-refused")


def _code(gateway: Running) -> str:
    answer = httpx.post(f"{gateway.url}/orders", trust_env=False)
    return str(answer.json()["code"]) if answer.status_code == 502 else ""
