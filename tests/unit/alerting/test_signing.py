"""Signing keys: made once, kept private, two valid while rotating; a valve takes what they sign."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from joserfc.jwk import KeySet

from services.alerting.adapters.signing import KeyFolderError, SigningKeys, add_key
from shared.contracts.wire import CommandClaims
from simulators.valve_logic import ValveLogic

NOW_MS = 1_800_000_000_000


def claims(issued_ms: int = NOW_MS) -> CommandClaims:
    return CommandClaims("c1", "v1", "close", issued_ms, issued_ms, issued_ms + 30_000, None, ["rule:G02"])


def test_a_valve_takes_what_was_signed_with_the_published_keys() -> None:
    with TemporaryDirectory() as folder:
        keys = SigningKeys.load(Path(folder) / "keys", NOW_MS)
        text = keys.sign(claims())
        assert keys.sign(claims()) == text, "the same id again is the same text"
        logic = ValveLogic("v1", KeySet.import_key_set(keys.jwks()))  # type: ignore[arg-type]
        assert logic.learn_time(NOW_MS, 0).judge(text, 1).moves
        (key,) = keys.jwks()["keys"]
        assert "d" not in key
        assert (key["alg"], key["crv"], key["use"]) == ("Ed25519", "Ed25519", "sig")
        again = SigningKeys.load(Path(folder) / "keys", NOW_MS + 5)
        assert again.jwks() == keys.jwks()
        (file,) = (Path(folder) / "keys").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600


def test_while_rotating_two_keys_are_valid_and_the_new_one_signs_from_its_time() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        first = SigningKeys.load(folder, NOW_MS)
        add_key(folder, NOW_MS + 1, NOW_MS + 60_000)
        both = SigningKeys.load(folder, NOW_MS + 2)
        assert len(both.jwks()["keys"]) == 2
        assert both.sign(claims()) == first.sign(claims())
        later = both.sign(claims(NOW_MS + 60_000))
        logic = ValveLogic("v1", KeySet.import_key_set(both.jwks())).learn_time(NOW_MS + 60_000, 0)  # type: ignore[arg-type]
        assert logic.judge(later, 1).moves
        old = ValveLogic("v1", KeySet.import_key_set(first.jwks())).learn_time(NOW_MS + 60_000, 0)  # type: ignore[arg-type]
        assert old.judge(later, 1).reason == "bad_signature"
        add_key(folder, NOW_MS + 3, NOW_MS + 120_000)
        newest = SigningKeys.load(folder, NOW_MS + 4)
        kids = {key["kid"] for key in newest.jwks()["keys"]}
        assert len(kids) == 2
        assert first.jwks()["keys"][0]["kid"] not in kids


def test_a_folder_that_cannot_be_trusted_is_one_sentence() -> None:
    with TemporaryDirectory() as name:
        file = add_key(Path(name), NOW_MS, NOW_MS)
        file.chmod(0o644)
        with pytest.raises(KeyFolderError, match="can be read by others"):
            SigningKeys.load(Path(name), NOW_MS)
        file.chmod(0o600)
        file.write_text("{}")
        with pytest.raises(KeyFolderError, match="no Ed25519 private key"):
            SigningKeys.load(Path(name), NOW_MS)
        file.write_text("not json")
        with pytest.raises(KeyFolderError):
            SigningKeys.load(Path(name), NOW_MS)
