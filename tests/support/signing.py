"""A project whose requests Envoy signs, with its keys in files as the broker writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.envoy import running
from tests.support.gateway import Gateway
from tests.support.sigv4 import Key
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.envoy.signature import keys_file
from wicketgate.ir.secrets import SigningKeys


@dataclass(frozen=True)
class Signed:
    """A gateway that signs, and the files with its keys."""

    gateway: Gateway
    files: tuple[Path, ...]

    def put(self, text: str) -> None:
        """Move other keys in, as the broker does."""
        for file in self.files:
            draft = file.with_name("draft")
            draft.write_text(text)
            draft.replace(file)


def profile(key: Key) -> str:
    """Return what the file of a key says."""
    return f"[default]\naws_access_key_id={key.key_id}\naws_secret_access_key={key.secret}\n"


@contextmanager
def signing(project: Path, folder: Path, *, origin: str, keys: str, gate: str = "living") -> Iterator[Signed]:
    """Serve the project, in which `ORIGIN` is set and `SECRET` is not what requests are signed with.

    Without `keys` there are no files; without `gate` the broker says that it holds none.
    """
    variables = GivenVariables(plain={"ORIGIN": origin}, secret={"SECRET": "only the file counts here"})
    compiled = compile_project(project, variables=variables, listen=("127.0.0.1:0",))
    assert compiled.resources is not None, compiled.diagnostics
    sources = {name: each for name, each in compiled.resources.secrets.items() if isinstance(each, SigningKeys)}
    files = tuple({folder / keys_file(each.use) for each in sources.values()})
    for file in files:
        file.parent.mkdir(parents=True)
        if keys:
            file.write_text(keys)
    with running(compiled.resources, folder, dict.fromkeys(sources, gate)) as envoy:
        yield Signed(Gateway(envoy), files)
