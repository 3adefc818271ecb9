"""Puts the engines' programs into the user's cache, once per content of the pins."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.native import aptsources
from deploy.native.errors import SetupError
from deploy.native.places import cache_dir, locked

POM = Path(__file__).with_name("pom.xml")
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
SUITE = "trixie"
PACKAGES = ("mosquitto", "postgresql-17", "postgresql-17-timescaledb")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
VERSION = 1  # raised when this file builds the root differently
JAVA_MAJOR_MIN = 17
ROOT_MB, JARS_MB = 1200, 150


@dataclass(frozen=True)
class Programs:
    """Where the engines' programs lie; `root` is / on Debian 13, elsewhere a Debian 13 of its own."""

    root: Path
    jars: Path
    java: Path

    def uid(self, user: str) -> int:
        """Return the number of a user of the root; KeyError when there is none."""
        for line in (self.root / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == user:
                return int(fields[2])
        raise KeyError(user)


def provision(say: Callable[[str], None] = print) -> Programs:
    """Return the programs, fetching what the cache lacks; SetupError says in a sentence what is missing."""
    if os.geteuid() != 0:
        raise SetupError(
            "The engines need root (for their mount namespace) or Docker: use sudo, or ENGINES=docker."
        )
    java = find_java()
    cache = cache_dir()
    try:
        jars = once(cache / f"kafka-{_key(POM.read_text())}", JARS_MB, _fetch_jars, say)
        root = Path("/") if on_debian_13() else _root(cache, say)
    except OSError as error:
        raise SetupError(f"The cache folder {cache} cannot be written ({error.strerror}).") from error
    if root == Path("/"):
        _install_here(say)
    return Programs(root=root, jars=jars, java=java)


def find_java() -> Path:
    """Return a Java of at least 17: JAVA_HOME's, else the path's; SetupError when there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if home and not found:
        raise SetupError(f"JAVA_HOME names {home}, which holds no bin/java: correct it, or unset it.")
    if not found:
        raise SetupError(
            "Java is missing: install a Java 17 or newer (apt-get install default-jre-headless)."
        )
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    if java_major(said) < JAVA_MAJOR_MIN:
        raise SetupError(
            f"{found} is older than Java 17: install a newer one (apt-get install default-jre-headless)."
        )
    return Path(found)


def java_major(said: str) -> int:
    """Return the major version in what `java -version` says, 0 when it says none (1.8 is 8)."""
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else 0


def on_debian_13(os_release: Path = Path("/etc/os-release")) -> bool:
    """Return whether this machine's own packages are those that the root would hold."""
    text = os_release.read_text() if os_release.exists() else ""
    return "\nID=debian" in f"\n{text}" and '\nVERSION_ID="13"' in text


def _key(*content: str) -> str:
    return hashlib.sha256("\0".join(content).encode()).hexdigest()[:16]


def once(target: Path, need_mb: int, build: Callable[[Path], None], say: Callable[[str], None]) -> Path:
    """Return the folder, built under another name and renamed when whole; others wait for the builder."""
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.parent / f"{target.name}.lock"):
        if target.exists():
            return target
        for left_over in target.parent.glob(f"{target.name}.tmp-*"):
            remove_tree(left_over)
        free_mb = shutil.disk_usage(target.parent).free // 2**20
        if free_mb < need_mb:
            raise SetupError(
                f"The cache folder {target.parent} has {free_mb} MB free and needs {need_mb} MB:"
                " make room, or set XDG_CACHE_HOME to a folder on another disk."
            )
        say(f"setting up {target.name} in {target.parent} (once)")
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.tmp-", dir=target.parent))
        try:
            part.chmod(0o755)
            build(part)
            part.rename(target)
        except BaseException:
            remove_tree(part)
            raise
    return target


def remove_tree(folder: Path) -> None:
    """Remove a folder, unless something is mounted in it."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if any(mount == str(folder) or mount.startswith(f"{folder}/") for mount in mounts):
        raise SetupError(f"Something is mounted in {folder}: unmount it first.")
    shutil.rmtree(folder)


def run(argv: list[str], what: str, env: dict[str, str] | None = None) -> None:
    """Run a command; SetupError with its last line of complaint when it fails."""
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=env
    )
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        telling = [
            line for line in lines if re.search(r"no space left|\bE: |ERROR|error", line, re.IGNORECASE)
        ]
        reason = (telling or lines or [f"exit code {done.returncode}"])[0]
        raise SetupError(f"{what} failed: {reason}")


def _fetch_jars(folder: Path) -> None:
    if not shutil.which("mvn"):
        raise SetupError("Maven is missing, which fetches Apache Kafka: apt-get install maven.")
    goal = [COPY_JARS, f"-DoutputDirectory={folder}", "-f", str(POM)]
    run(["mvn", "-q", "-B", *goal], "Fetching Apache Kafka by Maven")


def _root(cache: Path, say: Callable[[str], None]) -> Path:
    key = _key(SUITE, *PACKAGES, str(VERSION))
    return once(cache / f"root-{SUITE}-{key}", ROOT_MB, _build_root, say)


def _build_root(folder: Path) -> None:
    if not shutil.which("debootstrap"):
        raise SetupError(
            "debootstrap is missing, which fetches Mosquitto and PostgreSQL: apt-get install debootstrap."
        )
    if not KEYRING.exists():
        raise SetupError("Debian's archive keys are missing: apt-get install debian-archive-keyring.")
    mirror = aptsources.mirror()
    # In a mount and process namespace of its own, so that an interrupted debootstrap leaves neither
    # its mounts in the folder nor a process behind.
    alone = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    build = ["debootstrap", "--variant=minbase", f"--keyring={KEYRING}", f"--include={','.join(PACKAGES)}"]
    env = {**aptsources.fetch_environment(), **os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([*alone, *build, SUITE, str(folder), mirror], "Building the Debian root by debootstrap", env)
    shutil.rmtree(folder / "var/cache/apt/archives", ignore_errors=True)


def _install_here(say: Callable[[str], None]) -> None:
    """Install the packages on this Debian 13 without starting their own services."""
    programs = (Path("/usr/sbin/mosquitto"), Path("/usr/lib/postgresql/17/lib/timescaledb.so"))
    if all(program.exists() for program in programs):
        return
    with locked(cache_dir() / "apt.lock"):
        say("installing Mosquitto and PostgreSQL with apt (once)")
        no_cluster = Path("/etc/postgresql-common/createcluster.d/gaswatch.conf")
        no_cluster.parent.mkdir(parents=True, exist_ok=True)
        no_cluster.write_text("create_main_cluster = false\n")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], "apt-get update", env)
        fresh = not programs[0].exists()
        run(["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES], "apt-get install", env)
        if fresh and Path("/run/systemd/system").exists():
            run(
                ["systemctl", "disable", "--now", "mosquitto"],
                "Disabling Debian's own Mosquitto service",
                env,
            )
