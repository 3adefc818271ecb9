"""The demo's one-time codes, for a terminal and for a pipe."""

import json
import os
import subprocess
import sys

from deploy.native.places import PROJECT

ACCOUNT = {"role": "watch", "username": "watch", "totp_secret": "GEZDGNBVGY3TQOJQ" * 2}


def test_a_reader_who_has_had_enough_is_no_error(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"accounts": [ACCOUNT]}))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.native", "otp"],
            stdout=writing, stderr=subprocess.PIPE, cwd=PROJECT, check=False,
            env={**os.environ, "GASWATCH_STATE": str(tmp_path)},
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
