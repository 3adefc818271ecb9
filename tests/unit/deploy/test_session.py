"""A session with engines of its own leaves its logs where its last sentence says; what runs is said where."""

import json
from pathlib import Path

import pytest

from deploy.native import commands, session
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


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "http://127.0.0.1:4711"),
        ("https://192.0.2.7:4711", "https://192.0.2.7:4711"),
        ("http://127.0.0.1:1", "http://127.0.0.1:4711"),
    ],
)
def test_status_says_where_the_portal_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    known: str | None,
    said: str,
) -> None:
    monkeypatch.setenv("GASWATCH_STATE", str(tmp_path))
    (tmp_path / "services.json").write_text(json.dumps({"portal": 4711}))
    if known:
        (tmp_path / "run.json").write_text(json.dumps({"portal": known}))
    portal = Daemon("portal", tmp_path / "run" / "portal.pid", tmp_path / "portal.log")
    portal.spawn(["sleep", "1000"])
    try:
        commands.status([])
        (line,) = (one for one in capsys.readouterr().out.splitlines() if "portal" in one.split())
        assert line.split() == ["portal", "pid", str(portal.pid()), said]
    finally:
        portal.stop()
