"""The last gate, the tests: stale contracts, warnings and misspelt marks fail it."""

import shutil
from pathlib import Path

import pytest

from tests.unit.gates.gate import PROJECT, run, small_project, write

BAD = {
    "a failure": ("def test_it():\n    assert 1 == 2\n", "assert 1 == 2"),
    "a warning": (
        "import warnings\n\n\ndef test_it():\n    warnings.warn('old', DeprecationWarning, stacklevel=1)\n",
        "DeprecationWarning: old",
    ),
    "a misspelt mark": (
        "import pytest\n\n\n@pytest.mark.ful\ndef test_it():\n    pass\n",
        "'ful' not found in `markers`",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_stopped(name: str, tmp_path: Path) -> None:
    text, said = BAD[name]
    project = small_project(tmp_path)
    write(project, "tests/unit/test_good.py", "def test_good():\n    pass\n")
    write(project, "tests/contract/test_bad.py", text)
    done = run("pytest", project)
    assert done.returncode != 0
    assert said in done.stdout


def test_what_is_good_passes(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    for folder in ("unit", "contract"):
        write(project, f"tests/{folder}/test_good.py", "def test_good():\n    pass\n")
    assert run("pytest", project).returncode == 0


def test_a_schema_that_its_struct_has_left_behind(tmp_path: Path) -> None:
    project = small_project(tmp_path, "shared")
    write(project, "tests/unit/test_good.py", "def test_good():\n    pass\n")
    for file in ("schemas", "examples"):
        shutil.copytree(PROJECT / "shared" / "contracts" / file, project / "shared" / "contracts" / file,
                        dirs_exist_ok=True)  # fmt: skip
    for name in ("test_schemas.py", "validation.py"):
        write(project, f"tests/contract/contracts/{name}",
              (PROJECT / "tests" / "contract" / "contracts" / name).read_text())  # fmt: skip
    struct = project / "shared" / "contracts" / "objects.py"
    text = struct.read_text()
    struct.write_text(text.replace("    operator_id: str\n", "    operator_id: str\n    rank: str\n", 1))
    assert struct.read_text() != text
    done = run("pytest", project)
    assert done.returncode != 0
    assert "test_schemas_are_up_to_date" in done.stdout
    assert ".json is stale" in done.stdout
