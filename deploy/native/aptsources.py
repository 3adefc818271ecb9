"""The Debian mirror that this machine already uses, read from its own apt configuration."""

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlparse

from deploy.native.errors import SetupError

DEBIAN_SUITES = re.compile(
    r"(sid|unstable|testing|stable|oldstable|oldoldstable|bullseye|bookworm|trixie|forky|duke)(-updates|-backports)?"
)
ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)")


def deb822(text: str) -> list[tuple[str, str]]:
    """Return (address, suite) of each enabled binary source with component main in a `.sources` file."""
    found = []
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n[ \t]*\n", bare):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace():
                fields[name] = fields.get(name, "") + " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        wanted = "deb" in fields.get("types", "").split() and "main" in fields.get("components", "").split()
        if wanted and fields.get("enabled", "yes").lower() not in {"no", "false", "0"}:
            suites = fields.get("suites", "").split()
            found += [(address, suite) for address in fields.get("uris", "").split() for suite in suites]
    return found


def one_line(text: str) -> list[tuple[str, str]]:
    """Return (address, suite) of each binary source with component main in a `.list` file."""
    found = []
    for line in text.splitlines():
        match = ONE_LINE.match(line.partition("#")[0].strip())
        if match and "main" in match[3].split():
            found.append((match[1], match[2]))
    return found


def expanded(address: str, root: Path) -> list[str]:
    """Return the addresses behind a `mirror+file:` list, or the address itself."""
    if not address.startswith("mirror+file:"):
        return [address]
    listed = root / address.removeprefix("mirror+file:").lstrip("/")
    if not listed.exists():
        return []
    lines = [line.partition("#")[0].split() for line in listed.read_text().splitlines()]
    return [words[0] for words in lines if words]


def mirror(apt: Path = Path("/etc/apt"), root: Path = Path("/")) -> str:
    """Return the address of a Debian main archive; SetupError when apt names none."""
    sources: list[tuple[str, str]] = []
    lists = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    for file in sorted((apt / "sources.list.d").glob("*.sources")):
        sources += deb822(file.read_text())
    for file in lists:
        if file.exists():
            sources += one_line(file.read_text())
    usable = [
        plain
        for address, suite in sources
        if DEBIAN_SUITES.fullmatch(suite)
        for plain in expanded(address, root)
        if plain.startswith(("http://", "https://", "file:", "copy:"))
    ]
    named_debian = [plain for plain in usable if urlparse(plain).path.rstrip("/").endswith("/debian")]
    for plain in named_debian or usable:
        return plain.replace("copy:", "file:", 1).rstrip("/")
    raise SetupError(
        "apt's configuration names no Debian archive to fetch Mosquitto and PostgreSQL 17 from:"
        " add one to /etc/apt/sources.list.d, or use Docker (ENGINES=docker)."
    )


def parse_dump(text: str) -> dict[str, str]:
    """Return `name: value` of the lines of `apt-config dump`, names in lower case."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        words = shlex.split(rest.rstrip(";"))
        if words and words[0]:
            values[name.lower()] = words[0]
    return values


def fetch_environment() -> dict[str, str]:
    """Return the proxy variables that apt is configured with; those of the environment stay as they are."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    values = parse_dump(dump.stdout)
    found = {}
    for scheme in ("http", "https"):
        proxy = values.get(f"acquire::{scheme}::proxy", "")
        if proxy and proxy.upper() != "DIRECT":
            found[f"{scheme}_proxy"] = proxy
    return found
