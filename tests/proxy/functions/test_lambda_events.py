"""Events have the members that API Gateway documents, of the same kinds, but for those that the guide names.

The shapes are those of https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import time
from types import NoneType
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.lambda_gateway import Function, Shared, result

_IDENTITY = {
    "accessKey": NoneType,
    "accountId": NoneType,
    "caller": NoneType,
    "cognitoAuthenticationProvider": NoneType,
    "cognitoAuthenticationType": NoneType,
    "cognitoIdentityId": NoneType,
    "cognitoIdentityPoolId": NoneType,
    "principalOrgId": NoneType,
    "sourceIp": str,
    "user": NoneType,
    "userAgent": str,
    "userArn": NoneType,
    # "clientCert": where there is one, which the guide says is not told
}
FORMAT_1: dict[str, Any] = {
    "version": str,
    "resource": str,
    "path": str,
    "httpMethod": str,
    "headers": {"header1": str, "header2": str},
    "multiValueHeaders": {"header1": [str], "header2": [str, str]},
    "queryStringParameters": {"parameter1": str, "parameter2": str},
    "multiValueQueryStringParameters": {"parameter1": [str, str], "parameter2": [str]},
    "requestContext": {
        "accountId": str,
        "apiId": str,
        # "authorizer": the guide says that it is not told
        "domainName": str,
        "domainPrefix": str,
        "extendedRequestId": str,
        "httpMethod": str,
        "identity": _IDENTITY,
        "path": str,
        "protocol": str,
        "requestId": str,
        "requestTime": str,
        "requestTimeEpoch": int,
        "resourceId": str,
        "resourcePath": str,
        "stage": str,
    },
    "pathParameters": {"tenant": str, "rest": str},
    "stageVariables": NoneType,
    "body": str,
    "isBase64Encoded": bool,
}
FORMAT_2: dict[str, Any] = {
    "version": str,
    "routeKey": str,
    "rawPath": str,
    "rawQueryString": str,
    "cookies": [str, str],
    "headers": {"header1": str, "header2": str},
    "queryStringParameters": {"parameter1": str, "parameter2": str},
    "requestContext": {
        "accountId": str,
        "apiId": str,
        # "authentication" and "authorizer": the guide says that they are not told
        "domainName": str,
        "domainPrefix": str,
        "http": {"method": str, "path": str, "protocol": str, "sourceIp": str, "userAgent": str},
        "requestId": str,
        "routeKey": str,
        "stage": str,
        "time": str,
        "timeEpoch": int,
    },
    "body": str,
    "pathParameters": {"tenant": str, "rest": str},
    "isBase64Encoded": bool,
    # "stageVariables": where there are any
}
_SENT = ("header1: value1", "header2: value1", "header2: value2", "cookie: cookie1; cookie2", "user-agent: agent")
_QUERY = "parameter1=value1&parameter1=value2&parameter2=value"


@pytest.fixture
def function(shared: Shared) -> Function:
    found = Function(lambda event: result(statusCode=204))
    shared[1].reply = found.reply
    return found


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize(("way", "documented"), [("1", FORMAT_1), ("2", FORMAT_2)])
def test_an_event_has_the_members_that_are_documented(
    gateway: Gateway, function: Function, way: str, documented: dict[str, Any]
) -> None:
    assert gateway.get(f"/{way}/t/x?{_QUERY}", *_SENT, method="POST", body=b"Hello from Lambda").status == 204
    event = function.event
    for headers in ("headers", "multiValueHeaders"):
        if headers in event:
            event[headers] = {name: event[headers][name] for name in ("header1", "header2")}
    assert _shape(event) == documented


def test_an_event_has_the_values_that_are_documented(gateway: Gateway, function: Function) -> None:
    gateway.get(f"/1/t/x?{_QUERY}", *_SENT, method="POST", body=b"Hello from Lambda")
    event = function.event
    assert (event["headers"]["header2"], event["multiValueHeaders"]["header2"]) == ("value2", ["value1", "value2"])
    assert event["queryStringParameters"] == {"parameter1": "value2", "parameter2": "value"}
    gateway.get(f"/2/t/x?{_QUERY}", *_SENT, method="POST", body=b"Hello from Lambda")
    event = function.event
    assert event["headers"]["header2"] == "value1,value2"
    assert event["queryStringParameters"] == {"parameter1": "value1,value2", "parameter2": "value"}
    assert (event["cookies"], event["rawQueryString"]) == (["cookie1", "cookie2"], _QUERY)


def test_a_route_is_called_as_api_gateway_would(gateway: Gateway, function: Function) -> None:
    gateway.get("/aws1/t/x/y")
    called = "/aws1/{tenant}/{rest+}"
    context = function.event["requestContext"]
    assert (function.event["resource"], context["resourcePath"], context["resourceId"]) == (called, called, called)
    assert function.event["pathParameters"] == {"tenant": "t", "rest": "x/y"}
    gateway.get("/aws2/t/x/y", method="PUT")
    called = "PUT /aws2/{tenant}/{rest+}"
    assert (function.event["routeKey"], function.event["requestContext"]["routeKey"]) == (called, called)


def test_cookies_stand_without_the_blanks_around_them(gateway: Gateway, function: Function) -> None:
    gateway.get("/2/t/x", "cookie: a=1 ;  b=2  c ;;   ; d")
    assert function.event["cookies"] == ["a=1", "b=2  c", "", "d"]


def test_a_cookie_of_blanks_takes_no_time_by_their_square(gateway: Gateway, function: Function) -> None:
    """Fifty thousand of them would be a milliard of steps, hundreds of times what as many letters take."""
    assert _fastest(gateway, " ") < 50 * _fastest(gateway, "x")
    assert function.event["cookies"] == [f"a{'x' * 50_000}b"]


def _fastest(gateway: Gateway, char: str) -> float:
    """Return the seconds of the fastest of three requests: what else the machine does plays no part in it."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        gateway.get("/2/t/x", f"cookie: a{char * 50_000}b")
        seconds.append(time.perf_counter() - began)
    return min(seconds)
