"""`RESULTS.md`: a section for each command, rewritten by it; the rest of the file stays."""

import platform
import re
from collections.abc import Sequence
from pathlib import Path

import psutil

FILE = Path(__file__).parent / "RESULTS.md"
HEAD = """# Benchmarks: results

Each section is written by the command that stands in it (`make bench` runs all); what a column means stands
in [README.md](README.md). Compare figures of one run only: another machine, or other work on this one, moves
all of them.
"""


def machine() -> str:
    """Return what the figures were measured on."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release()},"
        f" Python {platform.python_version()}; engines, services and publishers together on it"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def write(name: str, title: str, command: str, body: str, *, day: str) -> None:
    """Put a section into the file, in place of its predecessor."""
    text = FILE.read_text() if FILE.exists() else HEAD
    head = f"`{command}` · {day} · {machine()}"
    section = f"<!-- {name} -->\n## {title}\n\n{head}\n\n{body.strip()}\n<!-- /{name} -->"
    found = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    known = found.search(text) is not None
    FILE.write_text(found.sub(lambda _: section, text) if known else f"{text.rstrip()}\n\n{section}\n")
