"""The screens call a rule what messages and orders call it."""

import json

import pytest

from deploy.native.places import PROJECT
from shared.contracts.rule_names import RULE_NAMES

WORDS = PROJECT / "services/portal/ui/src/words"


@pytest.mark.parametrize(("language", "number"), [("zh-CN", 0), ("en", 1)])
def test_a_rule_has_one_name_everywhere(language: str, number: int) -> None:
    shown = json.loads((WORDS / language / "common.json").read_text())["rule"]
    names = {rule: RULE_NAMES[rule][number] for rule in shown}
    assert shown == {rule: name[0].upper() + name[1:] for rule, name in names.items()}
