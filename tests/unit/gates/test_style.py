"""Format, lint and types let good code through and stop bad code, each for its own reason."""

from pathlib import Path

import pytest

from tests.unit.gates.gate import commands, run, small_project, write

GOOD = '''"""What is taken."""


def twice(count: int) -> int:
    """Return the double of `count`."""
    return 2 * count
'''
BRANCHES = "".join(f"    if number == {n}:\n        return {n}\n" for n in range(7))
LOOPS = "".join(f"    for _ in range(number - {n}):\n        number += 1\n" for n in range(7))
STEPS = "    a += 1\n" * 41
LINTED = {
    "the machine's clock": (
        '"""A."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n',
        ["TID251", "datetime.datetime.now` is banned", "take a clock"],
    ),
    "the wall clock": ('"""A."""\n\nimport time\n\nNOW = time.time()\n', ["TID251", "take a clock"]),
    "the environment": (
        '"""A."""\n\nimport os\n\nHOME = os.environ["HOME"]\n',
        ["TID251", "settings are read once, in settings.py"],
    ),
    "too complex": (
        f'"""A."""\n\n\ndef many(number: int) -> int:\n    """Return it."""\n{BRANCHES}{LOOPS}    return 0\n',
        ["C901", "`many` is too complex (15 > 10)"],
    ),
    "too long": (
        f'"""A."""\n\n\ndef long(a: int) -> int:\n    """Return it."""\n{STEPS}    return a\n',
        ["PLR0915", "Too many statements"],
    ),
    "prints": ('"""A."""\n\nprint("here")\n', ["T201"]),
    "swallows": (
        '"""A."""\n\ntry:\n    WORDS = open("words").read()\nexcept Exception:\n    pass\n',
        ["BLE001", "SIM115", "S110"],
    ),
    "a password": ('"""A."""\n\nPASSWORD = "open sesame"\n', ["S105"]),
    "no docstring": ("def run() -> None:\n    return\n", ["D103"]),
    "an excuse for nothing": ('"""A."""\n\nONE = 1  # noqa: TID251\n', ["RUF100", "unused: `TID251`"]),
}
TYPED = {
    "untyped": ("def f(a):\n    return a\n", "no-untyped-def"),
    "wrong": ('def f(a: int) -> str:\n    return a\n\n\nf("x")\n', "return-value"),
    "any": ("import json\n\n\ndef f() -> int:\n    return json.loads('1')\n", "no-any-return"),
    "generic": ("def f(a: list) -> int:\n    return len(a)\n", "type-arg"),
    "excused": ("ONE: int = 1  # type: ignore[assignment]\n", "unused-ignore"),
    "tested": ("def test_it():\n    total: int = 'one'\n    assert total\n", "assignment"),
}


def test_check_has_every_gate() -> None:
    wanted = ["ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"]
    assert [word for word, line in zip(wanted, commands(), strict=True) if word not in line] == []
    assert all(name in commands()[-1] for name in ("tests/unit", "tests/contract"))
    assert not any("|| true" in line or line.startswith("-") for line in commands())


def test_format(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    write(project, "services/good/app.py", GOOD)
    assert run("ruff format", project).returncode == 0
    write(project, "services/bad/app.py", GOOD.replace("2 * count", "2*count"))
    done = run("ruff format", project)
    assert done.returncode != 0
    assert "would be reformatted" in done.stdout
    assert "services/bad/app.py" in done.stdout
    assert "services/good/app.py" not in done.stdout


@pytest.mark.parametrize("name", LINTED)
def test_lint(name: str, tmp_path: Path) -> None:
    text, reasons = LINTED[name]
    project = small_project(tmp_path)
    write(project, "services/good/app.py", GOOD)
    assert run("ruff check", project).returncode == 0
    write(project, "services/bad/app.py", text)
    done = run("ruff check", project)
    assert done.returncode != 0
    assert [reason for reason in reasons if reason not in done.stdout] == []
    assert "services/good" not in done.stdout


def test_types(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    write(project, "services/good/app.py", GOOD)
    for name, (text, _) in TYPED.items():
        write(project, f"{'tests' if name == 'tested' else 'services'}/{name}/app.py", text)
    done = run("mypy", project)
    assert done.returncode != 0
    said = done.stdout.splitlines()
    missed = [
        name
        for name, (_, reason) in TYPED.items()
        if not any(f"/{name}/" in line and f"[{reason}]" in line for line in said)
    ]
    assert missed == [], done.stdout
    assert not any("/good/" in line for line in said)
