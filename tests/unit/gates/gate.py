"""The gates of `make check`, as the Makefile words them, run over a small project that is bad on purpose."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
# What fills the time of a gate and says nothing about it.
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.sql", "*.json", "*.md", "ui", "node_modules")


@cache
def commands() -> tuple[str, ...]:
    """Return the commands of `make check`, in their order, without the one that sets it up."""
    # What a make above this one was told (ARGS, -j) is not for the gates.
    make = ["env", "-u", "MAKEFLAGS", "make", "--no-print-directory", "-n", "check", "ARGS="]
    said = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=True)
    return tuple(line for line in said.stdout.splitlines() if "bootstrap" not in line)


def command(part: str) -> str:
    """Return the one command of `make check` that holds `part`."""
    (found,) = [line for line in commands() if part in line]
    return found


def small_project(folder: Path, *copied: str) -> Path:
    """Make a project of our settings and some of our packages."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    for name in copied:
        shutil.copytree(PROJECT / name, folder / name, ignore=NOT_COPIED)
    return folder


def write(folder: Path, path: str, text: str) -> None:
    """Write a file and the folders it lies in, each a package."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in (file.parent, *file.parent.parents):
        if package == folder:
            break
        (package / "__init__.py").touch()
    file.write_text(text)


def run(part: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run one gate in a folder; what it says on either stream is in `stdout`."""
    return subprocess.run(
        ["sh", "-c", command(part)],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
