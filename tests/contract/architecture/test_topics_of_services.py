"""Each service's README, the descriptions of topics and the code tell the same of its topics."""

from pathlib import Path

import pytest

from tests.contract.architecture.reading import ROOT, in_code, in_descriptions, in_readme, services


@pytest.mark.parametrize("service", services())
def test_readme_and_descriptions_agree(service: str) -> None:
    assert in_readme((ROOT / "services" / service / "README.md").read_text()) == in_descriptions(service)


@pytest.mark.parametrize("service", services())
def test_descriptions_and_code_agree(service: str) -> None:
    described = in_descriptions(service)
    used = in_code(ROOT / "services" / service)
    # A service may name a topic only to say whose dead letters it means.
    named_for_letters = {topic.removesuffix(".dlq") for topic in used if topic.endswith(".dlq")}
    assert used - named_for_letters <= described["in"] | described["out"] <= used


README = """# s

| | |
|---|---|
| In | `gas.alert.v1` (group), {extra} |
| Out | `gas.order.v1`: `cn.gas.order.closed.v1` |
| Owns | what `gas.licence.v1` is not |

| In | How |
|---|---|
| `gas.site.v1 gas.device.v1` | read |

Text about `gas.operator.v1`.

## Out
| What | When |
|---|---|
| `gas.site.v1.dlq` | bad |

## More
| `gas.enforcement.v1` | no |
"""


def test_a_readme_is_read_in_each_of_its_forms() -> None:
    found = in_readme(README)
    assert found["in"] == {"gas.alert.v1", "gas.site.v1", "gas.device.v1"}
    assert found["out"] == {"gas.order.v1", "gas.site.v1.dlq"}
    assert in_readme(README.replace("{extra}", "`gas.valve-command.v1`")) != found


def test_code_is_read_in_each_of_its_forms(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from shared.contracts import topic_names as names\n"
        "from shared.contracts.topic_names import SITE, dead_letters\n"
        "TOPICS = (names.ALERT,)\n"
        "TABLE = SITE\n"
        "LETTERS = names.dead_letters(names.TELEMETRY)\n"
        "ConsumerLoop(1, 2, [names.DEVICE], handle, dead_letters=producer)\n"
    )
    assert in_code(tmp_path) == {
        *("gas.alert.v1", "gas.alert.v1.dlq", "gas.site.v1", "gas.telemetry.v1", "gas.telemetry.v1.dlq"),
        *("gas.device.v1", "gas.device.v1.dlq"),
    }


def test_who_is_described_wrongly_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{name: gas.alert.v1, producers: [watchdog], consumers: []}")
    assert in_descriptions("watchdog", tmp_path) != in_descriptions("watchdog")
    assert not in_descriptions("watchdog")["out"]
