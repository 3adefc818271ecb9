"""What a service may be told stands where whoever runs it looks, and nothing that is gone."""

import re
from importlib import import_module

from deploy.native.places import PROJECT
from shared.chassis.settings import ServiceSettings

PAGE = (PROJECT / "docs" / "running.md").read_text()


def test_every_setting_is_in_the_page_about_running_it_and_no_other():
    services = [folder.parent.name for folder in (PROJECT / "services").glob("*/settings.py")]
    told = {
        f"GW_{field.upper()}"
        for service in services
        for field in import_module(f"services.{service}.settings").Settings.model_fields
    } | {f"GW_{field.upper()}" for field in ServiceSettings.model_fields}
    assert told == set(re.findall(r"GW_[A-Z0-9_]+", PAGE))
