"""What is missing or in the way is said in one sentence, with an exit code, and nothing is half-started."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.native import aptsources, provision
from deploy.native.errors import SetupError
from deploy.native.places import PROJECT

BASE_TOOLS = (
    *(
        "sh",
        "id",
        "dirname",
        "readlink",
        "mkdir",
        "rm",
        "mv",
        "ln",
        "df",
        "awk",
        "grep",
        "tail",
        "sed",
        "cat",
    ),
    *("mktemp", "flock", "unshare", "setsid", "docker"),
)


def tools(folder: Path, *names: str) -> str:
    """Return a search path on which only these programs are found."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return str(folder)


def engines(**env: str) -> "subprocess.CompletedProcess[str]":
    changed = [f"{name}={value}" for name, value in env.items()]
    command = ["env", *changed, sys.executable, "-m", "deploy.native", "engines"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)


def bootstrap(
    project: Path, *arguments: str, env: dict[str, str], as_user: str = ""
) -> "subprocess.CompletedProcess[str]":
    changed = [f"{name}={value}" for name, value in env.items()]
    command = ["env", *changed, "sh", str(project / "deploy" / "bootstrap.sh"), *arguments]
    if as_user:
        command = ["setpriv", "--reuid", as_user, "--clear-groups", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def clone(folder: Path) -> Path:
    """Return a folder that holds what the bootstrap reads of the project."""
    shutil.copytree(PROJECT / "deploy" / "requirements", folder / "deploy" / "requirements")
    shutil.copy(PROJECT / "deploy" / "bootstrap.sh", folder / "deploy" / "bootstrap.sh")
    return folder


def one_sentence(said: str) -> bool:
    return said.count("\n") == 1 and "Traceback" not in said and said.rstrip()[-1] in ".)"


def test_without_java(tmp_path):
    done = engines(
        PATH=tools(tmp_path / "bin", *BASE_TOOLS), JAVA_HOME="", GASWATCH_STATE=str(tmp_path / "state")
    )
    assert done.returncode == 1
    assert "Java is missing" in done.stderr
    assert one_sentence(done.stderr)
    assert not (tmp_path / "state").exists()


def test_java_that_is_too_old(tmp_path, monkeypatch):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'java version \"1.8.0_392\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(SetupError, match="older than Java 17"):
        provision.find_java()


def test_a_java_home_without_java(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SetupError, match=f"JAVA_HOME names {tmp_path}, which holds no bin/java"):
        provision.find_java()


@pytest.mark.skipif(os.geteuid() != 0, reason="without root something else is said first")
def test_the_bootstrap_names_a_java_home_without_java(tmp_path):
    project = clone(tmp_path / "clone")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    done = bootstrap(project, "engines", env={"JAVA_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert f"JAVA_HOME names {tmp_path}, which holds no bin/java" in done.stderr
    assert one_sentence(done.stderr)


def test_without_docker_when_docker_is_asked_for(tmp_path):
    done = engines(
        PATH=tools(tmp_path / "bin", "sh"), ENGINES="docker", GASWATCH_STATE=str(tmp_path / "state")
    )
    assert done.returncode == 1
    assert "there is no docker command" in done.stderr
    assert one_sentence(done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root")
def test_without_root_and_without_docker(tmp_path):
    project = clone(tmp_path / "clone")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    # There is no environment yet, nor a place for one: it is said before any package is looked for.
    done = bootstrap(project, "engines", env={"HOME": "/"}, as_user="65534")
    assert done.returncode == 1
    assert "need root" in done.stderr
    assert "Docker" in done.stderr
    assert one_sentence(done.stderr)


@pytest.mark.parametrize("arguments", [(), ("engines",)])
def test_bootstrap_without_python(tmp_path, arguments):
    project = clone(tmp_path / "clone")
    env = {"PATH": tools(tmp_path / "bin", *BASE_TOOLS), "HOME": str(tmp_path)}
    done = bootstrap(project, *arguments, env=env)
    assert done.returncode == 1
    assert "A Python from 3.11 to 3.13 with its venv module is missing" in done.stderr
    assert one_sentence(done.stderr)
    assert not (project / ".venv").exists()


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a folder on a disk of 2 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False).returncode
        != 0
    ):
        pytest.skip("this machine lets nobody mount")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_engines_on_a_full_cache_disk(tiny_disk, tmp_path):
    done = engines(XDG_CACHE_HOME=str(tiny_disk), GASWATCH_STATE=str(tmp_path / "state"))
    assert done.returncode == 1
    assert "MB free and needs" in done.stderr
    assert one_sentence(done.stderr)
    assert not (tmp_path / "state").exists()
    assert [file.name for file in (tiny_disk / "gaswatch").iterdir() if file.is_dir()] == []


def test_bootstrap_on_a_full_cache_disk(tiny_disk, tmp_path):
    project = clone(tmp_path / "clone")
    done = bootstrap(project, env={"XDG_CACHE_HOME": str(tiny_disk)})
    assert done.returncode == 1
    assert "MB free and needs" in done.stderr
    assert one_sentence(done.stderr)
    assert not (project / ".venv").exists()


def test_a_disk_that_fills_while_building_leaves_no_half_built_cache(tiny_disk, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny_disk))
    monkeypatch.setattr(provision, "JARS_MB", 0)
    with pytest.raises(SetupError) as caught:
        provision.provision(say=lambda _: None)
    assert "\n" not in str(caught.value)
    assert not [
        file for file in (tiny_disk / "gaswatch").iterdir() if file.is_dir() and ".tmp-" not in file.name
    ]


def test_a_cache_folder_that_is_a_file(tmp_path):
    (tmp_path / "cache").write_text("")
    done = engines(XDG_CACHE_HOME=str(tmp_path / "cache"), GASWATCH_STATE=str(tmp_path / "state"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert one_sentence(done.stderr)


@pytest.mark.engines
@pytest.mark.parametrize(
    ("key", "engine"), [("mqtt", "Mosquitto"), ("postgres", "PostgreSQL"), ("kafka", "Kafka")]
)
def test_a_port_that_is_taken_stops_what_was_started(tmp_path, key, engine):
    state = tmp_path / "state"
    state.mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (state / "ports.json").write_text(f'{{"{key}": {taken}}}')
        done = engines(GASWATCH_STATE=str(state))
    assert done.returncode == 1
    assert f"Port {taken} of {engine} is taken by another program" in done.stderr
    assert one_sentence(done.stderr)
    assert list(state.rglob("*.pid")) == []
    assert not (state / "engines.json").exists()


def test_apt_without_a_debian_archive(tmp_path):
    (tmp_path / "sources.list").write_text("deb http://a.example/ubuntu noble main\n")
    with pytest.raises(SetupError, match="names no Debian archive"):
        aptsources.mirror(tmp_path)


def test_the_mirror_comes_from_apt_in_either_format(tmp_path):
    parts = tmp_path / "etc" / "apt"
    (parts / "sources.list.d").mkdir(parents=True)
    (parts / "mirrors").mkdir()
    (parts / "mirrors" / "debian.list").write_text("# near\nhttp://near.example/debian/\tpriority:1\n")
    (parts / "sources.list").write_text(
        "deb https://a.example/tools bookworm main\n"
        "deb [signed-by=/k] mirror+file:/etc/apt/mirrors/debian.list bookworm main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
    )
    assert aptsources.mirror(parts, tmp_path) == "http://near.example/debian"
    (parts / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://own.example/debian\nSuites: trixie\nComponents: main\n"
    )
    assert aptsources.mirror(parts, tmp_path) == "http://own.example/debian"
