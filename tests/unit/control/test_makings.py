"""A value counts for as long as what it is made of is the same."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.providers.surroundings import Texts, variable
from wicketgate.broker.source import Obtain, Obtained, ShownPair
from wicketgate.control.makings import Ingredients, Makings, machine_facts
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.aws import AssumedRole, InstanceKeys, KeyPair, RoleByKeyPair
from wicketgate.ir.credentials.azure import AppCertificate, EntraToken, ManagedIdentityToken, TokenFile
from wicketgate.ir.credentials.base import Credential, CredentialUse, Renewal
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt
from wicketgate.ir.secrets import TextSecret
from wicketgate.secret_value import SecretValue

ROLE = AssumedRole(arn="arn:aws:iam::123456789012:role/r", session_name="s", region="eu-west-1")
PAIR = KeyPair(access_key_id=variable("ID"), secret_access_key=variable("KEY"))


@dataclass
class World:
    """Everything that credentials can be made of."""

    texts: Texts = field(default_factory=lambda: Texts({"ID": "id", "KEY": "key"}))
    pair: ShownPair | None = field(default_factory=lambda: ShownPair("chain", SecretValue("private")))
    issuer: tuple[str, ...] = ("https://gateway.example.com", "berlin", "shop", "production", "RS256", "k1")
    machine: tuple[str, ...] = ("boot",)
    token: int = 0

    def ingredients(self) -> Ingredients:
        def key_pair(_: str) -> ShownPair:
            if self.pair is None:
                raise WicketError("not there")
            return self.pair

        return Ingredients(_Polled(self), key_pair, lambda: self.issuer, self.machine)  # type: ignore[arg-type]

    def digest(self, credential: Credential) -> bytes:
        return self.ingredients().digest(CredentialUse(credential, "api.example.com"))


@dataclass
class _Polled:
    world: World

    def token(self) -> int:
        return self.world.token

    def text(self, secret: TextSecret) -> SecretValue:
        try:
            return self.world.texts.text(secret)
        except KeyError:
            raise WicketError("not set") from None


def _oauth(client: Any) -> OAuthToken:
    return OAuthToken(token_url="https://id.example.com/token", client_id=variable("ID"), client=client)


def _entra(proof: Any) -> EntraToken:
    text = TextSecret(("t",))
    return EntraToken(authority="https://login", tenant=text, client_id=text, scope=text, proof=proof)


def _variable(name: str, value: str | None) -> Callable[[World], None]:
    def change(world: World) -> None:
        if value is None:
            del world.texts.values[name]
        else:
            world.texts.values[name] = value

    return change


def _set(**values: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        for name, value in values.items():
            setattr(world, name, value)

    return change


@pytest.mark.parametrize(
    ("credential", "change", "differs"),
    [
        (_oauth(ClientSecret(variable("KEY"))), _variable("KEY", "another"), True),
        (_oauth(ClientSecret(variable("KEY"))), _variable("ID", "another"), True),
        (_oauth(ClientSecret(variable("KEY"))), _variable("KEY", None), True),
        (_oauth(ClientSecret(variable("KEY"))), _variable("OTHER", "another"), False),
        (_oauth(ClientSecret(variable("KEY"))), _set(issuer=("x",), machine=("x",), pair=None), False),
        (_oauth(PrivateKeyJwt(variable("KEY"), "ES256")), _variable("KEY", "another"), True),
        (_oauth(ClientCertificate("us")), _set(pair=ShownPair("chain", SecretValue("another"))), True),
        (_oauth(ClientCertificate("us")), _set(pair=ShownPair("renewed", SecretValue("private"))), True),
        (_entra(AppCertificate("us")), _set(pair=None), True),
        (RoleByKeyPair(keys=PAIR, role=ROLE), _variable("KEY", "another"), True),
        (RoleByKeyPair(keys=PAIR, role=ROLE), _set(machine=("another",)), False),
        (RoleByKeyPair(keys=InstanceKeys(), role=ROLE), _set(machine=("another",)), True),
        (ManagedIdentityToken(scope=variable("ID"), client_id=variable("ID")), _set(machine=("another",)), True),
        *((GatewayToken(), lambda world, at=at: _relabel(world, at), True) for at in range(len(World.issuer))),
        (GatewayToken(), _variable("KEY", "another"), False),
    ],
)
def test_a_change_of_what_it_is_made_of_counts(
    credential: Credential, change: Callable[[World], None], differs: bool
) -> None:
    world = World()
    before = world.digest(credential)
    change(world)
    assert (world.digest(credential) != before) is differs


def _relabel(world: World, at: int) -> None:
    world.issuer = (*world.issuer[:at], "another", *world.issuer[at + 1 :])


def test_a_token_in_a_file_counts(tmp_path: Path) -> None:
    path, world = tmp_path / "token", World()
    credential, digests = _entra(TokenFile(str(path))), set()
    digests.add(world.digest(credential))
    for text in ("one", "two"):
        path.write_text(text)
        digests.add(world.digest(credential))
    assert len(digests) == 3


def test_parts_do_not_run_together() -> None:
    """`ab` and `c` are not `a` and `bc`."""
    found = set()
    for first, second in (("ab", "c"), ("a", "bc"), ("abc", "")):
        world = World(Texts({"ID": first, "KEY": second}))
        found.add(world.digest(PAIR))
    assert len(found) == 3


def test_another_machine_is_told_by_its_boot_and_its_environment() -> None:
    here = machine_facts({"A": "1", "B": "2"})
    assert here == machine_facts({"B": "2", "A": "1"})
    assert here != machine_facts({"A": "1", "B": "3"})
    assert Path("/proc/sys/kernel/random/boot_id").read_text() in here


@pytest.mark.parametrize(
    ("credential", "remembered"),
    [
        (PAIR, False),
        (_oauth(ClientSecret(variable("KEY"))), True),
        (dataclasses.replace(_oauth(ClientSecret(variable("KEY"))), renewal=Renewal(remembered=False)), False),
        (RoleByKeyPair(keys=PAIR, role=ROLE), True),
    ],
)
def test_what_is_remembered(credential: Credential, remembered: bool) -> None:
    assert credential.remembered is remembered


def test_an_option_that_is_not_used_renames_nothing() -> None:
    """The names of Envoy's resources are made of this, and dashboards hold them."""
    assert repr(Renewal()) == "Renewal(retries=3, offset=300.0)"
    assert repr(Renewal(remembered=False)) == "Renewal(retries=3, offset=300.0, remembered=False)"


def test_a_value_is_labelled_with_what_it_was_made_of_when_it_was_asked_for() -> None:
    """What changes while the provider is asked must not count as part of the value."""
    world = World()
    makings = Makings(world.ingredients())
    use = CredentialUse(PAIR, "api.example.com")
    before = makings.digest(use)

    def opened(_: CredentialUse) -> Obtain:
        async def obtain() -> Obtained:
            world.texts.values["KEY"], world.token = "another", 1
            return Obtained(SecretValue("made of the old one"), time.time() + 60)

        return obtain

    obtained = asyncio.run(_awaited(makings.noted(opened)(use)))
    assert obtained.made_of == before != makings.digest(use)
    assert makings.changed() == [use]


async def _awaited(obtain: Obtain) -> Obtained:
    return await obtain()


def test_only_what_is_held_is_looked_at_and_only_when_something_may_have_changed() -> None:
    world = World()
    makings = Makings(world.ingredients())
    first, second = (CredentialUse(PAIR, host) for host in ("a", "b"))
    held = {use: Obtained(SecretValue("v"), 0.0, makings.digest(use)) for use in (first, second)}
    makings.keep_only([first], held)
    assert makings.changed() == []
    world.texts.values["KEY"] = "another"
    assert makings.changed() == [], "nothing said so"
    world.token = 1
    assert makings.changed() == [first]
