"""What credentials are made of, as digests: a value counts for as long as that is the same, also after a restart."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wicketgate.broker.source import Obtain, Obtained, ShownPair
from wicketgate.control.texts import VariableTexts
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.ir.secrets import TextSecret

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def machine_facts(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what differs on another machine, after its boot, and in another task or pod on it."""
    try:
        boot = _BOOT.read_text()
    except OSError:
        boot = ""
    return (boot, *(f"{name}={value}" for name, value in sorted(environment.items())))


@dataclass(frozen=True, slots=True)
class Ingredients:
    """Where all of it comes from. `issuer` says what the gateway's own tokens say and are signed with."""

    texts: VariableTexts
    key_pair: Callable[[str], ShownPair]
    issuer: Callable[[], tuple[str, ...]]
    machine: tuple[str, ...]

    def token(self) -> object:
        """Return what differs once any of it may have changed, but for files of the platform. Cheap enough to poll."""
        return self.texts.token(), self.issuer()

    def digest(self, use: CredentialUse) -> bytes:
        """Tell all of it apart without keeping it."""
        digest = hashlib.sha256()
        for part in self._parts(use.credential):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()

    def _parts(self, value: object) -> Iterator[bytes]:
        if isinstance(value, TextSecret):
            yield _found(lambda: self.texts.text(value).reveal())
        elif isinstance(value, tuple):
            for item in value:
                yield from self._parts(item)
        elif dataclasses.is_dataclass(value):
            if isinstance(value, Credential):
                yield from self._around(value)
            for field in dataclasses.fields(value):
                yield from self._parts(getattr(value, field.name))

    def _around(self, credential: Credential) -> Iterator[bytes]:
        if credential.certificate:
            yield _found(lambda: _written(self.key_pair(credential.certificate)))
        if credential.file:
            yield _found(lambda: Path(credential.file).read_text(errors="surrogateescape"))
        yield from map(_bytes, self.issuer() if credential.needs_issuer else ())
        yield from map(_bytes, self.machine if credential.of_machine else ())


class Makings:
    """Knows of each credential what its latest value was made of, or is being made of."""

    def __init__(self, ingredients: Ingredients) -> None:
        self._ingredients = ingredients
        self._seen: object = None
        self._used: dict[CredentialUse, bytes] = {}

    def digest(self, use: CredentialUse) -> bytes:
        """Return what a value would be made of now."""
        return self._ingredients.digest(use)

    def noted(self, opened: Callable[[CredentialUse], Obtain]) -> Callable[[CredentialUse], Obtain]:
        """Return the same sources; what they give says what it is made of, as it was when they were asked.

        What changes while they are asked makes the value count as older than it is, and it is obtained again.
        """

        def open_(use: CredentialUse) -> Obtain:
            obtain = opened(use)

            async def obtain_noted() -> Obtained:
                made_of = self._used[use] = self.digest(use)
                return dataclasses.replace(await obtain(), made_of=made_of)

            return obtain_noted

        return open_

    def keep_only(self, uses: Collection[CredentialUse], recalled: Mapping[CredentialUse, Obtained]) -> None:
        """Forget all others; `recalled` are values from before a restart."""
        found = {use: self._used.get(use) for use in uses}
        found |= {use: each.made_of for use, each in recalled.items() if use in found}
        self._used = {use: digest for use, digest in found.items() if digest is not None}

    def changed(self) -> list[CredentialUse]:
        """Return whose makings are no longer what their values were made of. Looks only when something may be new."""
        token = self._ingredients.token()
        if token == self._seen:
            return []
        self._seen = token
        return self._differing(self._used)

    def _differing(self, uses: Iterable[CredentialUse]) -> list[CredentialUse]:
        return [use for use in uses if self._used[use] != self.digest(use)]


def _found(read: Callable[[], str]) -> bytes:
    try:
        return _bytes(read())
    except (OSError, WicketError):
        return b""


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _written(pair: ShownPair) -> str:
    return f"{pair.chain}\0{pair.key.reveal()}"
