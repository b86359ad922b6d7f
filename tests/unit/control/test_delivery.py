"""The broker's values are offered as they come and go, whatever versions do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import pytest

from tests.support.variables import GivenVariables
from wicketgate.broker.broker import Broker
from wicketgate.broker.source import Obtain, Obtained, ShownPair
from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.delivery import Delivery
from wicketgate.control.key_files import KeyFiles
from wicketgate.control.live import Live
from wicketgate.control.makings import Ingredients, Makings
from wicketgate.control.remembered import Remembered
from wicketgate.control.texts import VariableTexts
from wicketgate.control.variables import Variables
from wicketgate.envoy.signature import keys_file
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import Credential, CredentialUse, Renewal
from wicketgate.ir.secrets import BrokeredToken, SecretSource, SigningKeys
from wicketgate.secret_value import SecretValue
from wicketgate.supervise.run_directory import RunDirectory
from wicketgate.xds.board import Board
from wicketgate.xds.snapshot import VersionKey

pytestmark = pytest.mark.anyio

PAIR = '{"AccessKeyId": "id", "SecretAccessKey": "key"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Credential):
    """One whose value the test chooses."""

    kind: ClassVar[str] = "given"

    name: str


class NoVariables(GivenVariables):
    def token(self) -> object:
        return None


def no_certificate(name: str) -> ShownPair:
    raise WicketError(f"there is no {name}")


@dataclass(frozen=True, slots=True)
class Version:
    sources: dict[str, SecretSource]


@dataclass(slots=True)
class Serving:
    """As much of `Live` as `Delivery` looks at."""

    candidate: Version | None = None


def use(name: str, *, remembered: bool = True) -> CredentialUse:
    return CredentialUse(Given(name=name, renewal=Renewal(1, 1.0, remembered)), "api.example.com")


def tokens(*names: str, remembered: bool = True) -> dict[str, SecretSource]:
    return {name: BrokeredToken(use(name, remembered=remembered), "Bearer ") for name in names}


class Stand:
    """A broker whose sources give what `values` hold, for as long as `life` says."""

    def __init__(self, folder: Path) -> None:
        self.run = RunDirectory(folder / "run")
        self.run.create()
        self.values: dict[str, str] = {}
        self.life = 3600.0
        self.asked: list[str] = []
        self.board = Board()
        self.live = Serving()
        texts = VariableTexts(cast(Variables, NoVariables()))
        makings = Makings(Ingredients(texts, no_certificate, tuple, ()))
        self.broker = Broker(makings.noted(self._opened), clock=time.time)
        keeper = CredentialKeeper(
            self.broker,
            makings,
            KeyFiles(self.run),
            Remembered(folder / "sealed", state=folder, key=None),
        )
        self.delivery = Delivery(keeper, self.board, VersionKey(b"key"))

    def _opened(self, of: CredentialUse) -> Obtain:
        name = cast(Given, of.credential).name

        async def obtain() -> Obtained:
            self.asked.append(name)
            return Obtained(SecretValue(self.values[name]), time.time() + self.life)

        return obtain

    async def offered(self, name: str) -> str | None:
        """Return what Envoy would be sent under this name, or None where it would be sent nothing."""
        stream = self.board.open_stream("envoy")
        stream.ask([name], held={})
        try:
            resource = (await asyncio.wait_for(self.board.answer(stream), 0.05)).resource
        except TimeoutError:
            return None
        finally:
            self.board.close_stream(stream)
        return str(json.loads(resource.body)["generic_secret"]["secret"]["inline_string"])

    async def becomes(self, name: str, text: str | None) -> None:
        async with asyncio.timeout(10):
            while await self.offered(name) != text:
                await asyncio.sleep(0.01)


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    running = [
        asyncio.create_task(made.broker.run()),
        asyncio.create_task(made.delivery.keep(cast(Live, made.live))),
    ]
    yield made
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    made.run.forget_keys()


async def test_a_value_is_there_before_its_version(stand: Stand) -> None:
    stand.values = {"a": "1"}
    async with stand.delivery.supply({}, tokens("a")):
        assert await stand.offered("a") == "Bearer 1"


async def test_values_come_and_go_while_a_version_is_being_made_live(stand: Stand) -> None:
    stand.values, stand.life = {"a": "1"}, 3.0
    async with stand.delivery.supply({}, tokens("a")):
        stand.values["a"] = "2"
        await stand.becomes("a", "Bearer 2")
        stand.values = {}
        await stand.becomes("a", "")


async def test_what_a_coming_version_needs_is_held_until_it_is_live(stand: Stand) -> None:
    """The answer to its first question wakes `keep`, which knows nothing of it from what is live."""
    stand.values = {"a": "1", "b": "1"}
    stand.live.candidate = Version(tokens("a"))
    async with stand.delivery.supply({}, tokens("a")):
        pass
    async with stand.delivery.supply(tokens("a"), tokens("b")):
        await asyncio.sleep(0.2)
        assert await stand.offered("a") == "Bearer 1"
        assert await stand.offered("b") == "Bearer 1"
        stand.live.candidate = Version(tokens("b"))
    await stand.becomes("a", None)
    assert await stand.offered("b") == "Bearer 1"
    assert stand.asked == ["a", "b"]


async def test_what_a_refused_version_needed_is_let_go(stand: Stand) -> None:
    stand.values = {"a": "1", "b": "1"}
    stand.live.candidate = Version(tokens("a"))
    async with stand.delivery.supply(tokens("a"), tokens("a", "b")):
        assert await stand.offered("b") == "Bearer 1"
    await stand.becomes("b", None)
    assert await stand.offered("a") == "Bearer 1"
    assert set(stand.broker.uses()) == {use("a")}


async def test_the_gate_opens_when_the_keys_stand_where_envoy_reads_them(stand: Stand) -> None:
    stand.values = {"a": PAIR}
    async with stand.delivery.supply({}, {"gate": SigningKeys(use("a"))}):
        assert await stand.offered("gate") == "living"
        assert b"aws_secret_access_key=key" in (stand.run.path / keys_file(use("a"))).read_bytes()


async def test_keys_of_the_live_version_stay_while_the_next_is_made_live(stand: Stand) -> None:
    stand.values = {"a": PAIR, "b": PAIR}
    live: dict[str, SecretSource] = {"gate-a": SigningKeys(use("a"))}
    stand.live.candidate = Version(live)
    async with stand.delivery.supply({}, live):
        pass
    async with stand.delivery.supply(live, {"gate-b": SigningKeys(use("b"))}):
        assert b"aws_secret_access_key" in (stand.run.path / keys_file(use("a"))).read_bytes()
        assert await stand.offered("gate-a") == "living"


async def test_a_renewal_touches_nothing_else(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise thousands of credentials would cost thousands of looks at each renewal of one."""
    names = [f"n{number}" for number in range(50)]
    stand.values = dict.fromkeys(names, "1")
    stand.live.candidate = Version(tokens(*names))
    async with stand.delivery.supply({}, stand.live.candidate.sources):
        pass
    await stand.becomes("n0", "Bearer 1")
    await asyncio.sleep(0.2)
    looked: list[str] = []
    value = stand.broker.value

    def watched(of: CredentialUse) -> SecretValue | None:
        looked.append(cast(Given, of.credential).name)
        return value(of)

    monkeypatch.setattr(stand.broker, "value", watched)
    stand.values["n7"] = "2"
    stand.broker.renew([use("n7")])
    await stand.becomes("n7", "Bearer 2")
    assert set(looked) == {"n7"}


async def test_what_asks_for_memory_alone_is_written_nowhere(stand: Stand, tmp_path: Path) -> None:
    stand.values = {"a": "1", "b": "the-token-of-b"}
    wanted = {**tokens("a"), **tokens("b", remembered=False)}
    async with stand.delivery.supply({}, wanted):
        assert await stand.offered("b") == "Bearer the-token-of-b"
    assert [name.split("/")[0] for name in json.loads((tmp_path / "sealed").read_bytes())] == ["given"]
    after = Stand(tmp_path)
    after.values = {"a": "2", "b": "2"}
    running = asyncio.create_task(after.broker.run())
    async with after.delivery.supply({}, wanted):
        assert await after.offered("a") == "Bearer 1"
        assert await after.offered("b") == "Bearer 2"
        assert after.asked == ["b"]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
