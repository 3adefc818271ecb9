"""A session with engines of its own leaves its logs where its last sentence says."""

from pathlib import Path

import pytest

from deploy.native import session
from deploy.native.daemon import Daemon
from deploy.native.errors import SetupError


class NoEngines:
    """Stands for engines that need not run here."""

    def start(self) -> None:
        """Start nothing."""

    def remove(self) -> None:
        """Remove nothing."""


def fail_at_start(state: Path) -> None:
    with session.own(name="-x"):
        (folder,) = session.sessions(state)
        failed = Daemon("registry", folder / "registry.pid", folder / "logs" / "registry.log")
        failed.log_file.parent.mkdir()
        failed.log_file.write_text("why\n")
        raise SetupError(f"{failed.name} did not start: see {failed.log_file}.")


def test_a_sentence_names_the_log_where_it_lies_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GASWATCH_STATE", str(tmp_path))
    monkeypatch.setattr(session, "engines_of", lambda *_: NoEngines())
    with pytest.raises(SetupError) as raised:
        fail_at_start(tmp_path)
    named = Path(str(raised.value).rpartition("see ")[2].removesuffix("."))
    assert named.read_text() == "why\n"
    assert not session.sessions(tmp_path)
