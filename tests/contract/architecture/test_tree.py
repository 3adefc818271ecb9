"""ARCHITECTURE.md names what is there, and what is there holds nothing of one machine and no secret."""

import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from deploy.native.stack import SERVICES
from tests.contract.architecture.reading import ROOT, services

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
FOLDER = re.compile(r"^\| `([a-z/<>]+)/` \| (.*) \|$", re.MULTILINE)
PATH = re.compile(r"`((?:services|shared|simulators|deploy|tests|benchmarks|docs)/[\w./-]+)`")
LINK = re.compile(r"\]\(([\w./-]+)\)")
MADE = {"benchmarks/RESULTS.md"}  # by `make bench`
SCANNED = {
    ".ts",
    ".tsx",
    ".mjs",
    ".css",
    ".html",
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".sh",
    ".sql",
    ".conf",
    ".txt",
    ".xml",
    "",
}

# Each with something that it must find; written so that this file does not hold it itself.
UNWANTED = {
    "a path of one machine": (r"/(?:work|root|home)/\w", "cd /wor" + "k/main"),
    "a host of packages": (
        r"(?i)\b(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|docker|ghcr|quay|maven|debian|ubuntu|aliyun)\.(?:org|com|io|cn)\b",
        "https://files.pythonhos" + "ted.org/x",
    ),
    "a name of a network of its own": (r"(?i)://[\w.-]+\.(?:internal|corp|lan)\b", "http://a.cor" + "p/x"),
    "a private key": (r"-----BEGIN [A-Z ]*PRIVATE" + " KEY-----", "-----BEGIN EC PRIVATE" + " KEY-----"),
    "a password in an address": (r"\w+://[\w.-]+:[^\s@/{}$<:]+@", "postgresql://gw:" + "gw@localhost/gw"),
    "a password": (
        r"(?i)\b\w*(?:password|passwd|secret|api_?key)\w*[\"']?\s*(?::=|[=:])\s*[\"'][^\"'{}$<>\s]{4,}[\"']",
        "PASSWORD" + ' = "gaswatch"',
    ),
    "a token": (r"\b(?:gh[pousr]_\w{20,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{20,}\.eyJ)", "AKIA" + "A" * 16),
}  # fmt: skip
# Where it is meant, and why.
MEANT = {
    ("services/portal/ui/src/words/", "a password"): "what a password is called",
    ("tests/", "a password"): "people that exist in one test",
    ("tests/", "a password in an address"): "addresses that lead nowhere",
}


def tracked() -> list[str]:
    said = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in said.stdout.split("\0") if path and (ROOT / path).is_file()]


def folders() -> dict[str, str]:
    return {path.split("/<")[0]: about for path, about in FOLDER.findall(ARCHITECTURE)}


def unnamed(paths: Iterable[str], named: Iterable[str]) -> set[str]:
    """Return the top-level folders that nobody names; those that begin with a dot say what they are."""
    top = {path.split("/")[0] for path in paths if "/" in path}
    return {one for one in top if one[0] != "."} - {name.split("/")[0] for name in named}


def test_every_folder_is_named_and_every_named_one_is_there() -> None:
    assert unnamed(tracked(), folders()) == set()
    assert unnamed(["services/a.py", "misc/b.py", ".ci/run"], folders()) == {"misc"}
    assert [name for name in folders() if not (ROOT / name).is_dir()] == []


def test_the_folders_of_tests_are_named() -> None:
    said = set(re.findall(r"`(\w+)`", folders()["tests"]))
    assert said == {
        path.split("/")[1] for path in tracked() if path.count("/") > 1 and path.startswith("tests/")
    }


def test_every_path_in_a_document_is_there() -> None:
    there = {str(parent) for path in tracked() for parent in (Path(path), *Path(path).parents)} | MADE
    documents = [path for path in tracked() if path.endswith(".md")]
    assert {"README.md", "ARCHITECTURE.md"} < set(documents)
    missing = []
    for document in documents:
        text = (ROOT / document).read_text()
        paths = {path.rstrip("/.") for path in PATH.findall(text)} | {
            str(Path(document).parent / link) for link in LINK.findall(text)
        }
        missing += [f"{document} names {path}" for path in sorted(paths - there)]
    assert missing == []


def test_every_service_is_drawn_started_and_told_of() -> None:
    there = services()
    assert sorted(SERVICES) == there
    picture = ARCHITECTURE.split("```")[1]
    assert [name for name in there if name not in picture] == []
    missing = [name for name in there if not (ROOT / "services" / name / "README.md").is_file()]
    assert missing == []
    compose = (ROOT / "docker-compose.yml").read_text()
    assert [name for name in there if f"\n  {name}:" not in compose] == []


def test_no_service_imports_another_and_no_list_lacks_one() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    independent = next(one for one in contracts if one["name"] == "Services do not know each other")
    assert sorted(independent["modules"]) == [f"services.{name}" for name in services()]


def unwanted(path: str, text: str) -> list[str]:
    """Return what a file holds that it must not, one sentence each."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1} holds {what}: {found[0][:60]}"
        for what, (pattern, _) in UNWANTED.items()
        if not any(path.startswith(folder) and what == kind for folder, kind in MEANT)
        for found in re.finditer(pattern, text)
    ]


def test_nothing_of_one_machine_and_no_secret() -> None:
    found = []
    for path in tracked():
        if Path(path).suffix in SCANNED:
            found += unwanted(path, (ROOT / path).read_text(errors="replace"))
    assert found == []


@pytest.mark.parametrize("what", UNWANTED)
def test_what_is_unwanted_is_found(what: str) -> None:
    text = f"one\n{UNWANTED[what][1]}\n"
    assert any(f"services/a.py:2 holds {what}" in said for said in unwanted("services/a.py", text))
