"""A gas firm whose people write what nobody should run: every text that a person can give, in every kind."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.city import credit_code
from tests.e2e.foreign_device.controller import Controller
from tests.e2e.living import Living
from tests.e2e.screens.hostile.crews import Crew, man
from tests.e2e.screens.hostile.hands import CLERK, Hand

FIRM, AREA = "op-hostile", "530629"
MARKUP = (
    "\"'></td><script>hostile=1</script><img src=x onerror=hostile=2><svg onload=hostile=3>"
    "{{7*7}}${7*7}$t(common.save)<a href=javascript:hostile=4>![](javascript:hostile=5)"
)
KINDS = {
    "markup": MARKUP,
    "formula": "=cmd|' /C calc'!A0",
    "long": "W" * 200,
    "rtl": "\u202eمطعم الغاز\u202c שלום \u2067👩\u200d👩\u200d👧\u200d👦🔥🇨🇳\u2069 e\u0301\u0301\u0301",
}
# What no phone of ours sends, and a program may.
NO_READINGS = [{"lel_percent": {"a": 1}, "ppm": ["b"], "instrument_serial": None, "calibrated_on": {}}]
ZONE_MAX = 64
ALERT_LIMIT_S = 20.0


@dataclass
class Scene:
    """What was written, by kind: ids of alerts and orders; and who looks at it."""

    crew: Crew
    watch: Hand
    supervisor: Hand
    viewer: Hand
    alerts: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)


def site_of(kind: str) -> str:
    return f"site-hostile-{kind}"


def write(hand: Hand, path: str, body: dict[str, Any]) -> None:
    """Write something, unless it was written before."""
    answer = hand.ask("POST", path, body)
    assert answer.status_code in {200, 201, 409}, f"{path}: {answer.text}"


def register(clerk: Hand) -> None:
    """Write into the register: firms, licences, sites, devices."""
    for number, (kind, text) in enumerate(KINDS.items()):
        firm = FIRM if kind == "markup" else f"{FIRM}-{kind}"
        code = credit_code(0xF0F0F0 + number)
        write(clerk, "operators", {"operator_id": firm, "name": text, "credit_code": code, "area_code": AREA})
        _site(clerk, kind, text)
        if kind != "markup":
            _licence(clerk, firm, text)


def _licence(clerk: Hand, firm: str, text: str) -> None:
    today = datetime.now(UTC).date()
    days = {"issued_on": -300, "valid_from": -300, "valid_to": 20}
    made = {name: (today + timedelta(days=number)).isoformat() for name, number in days.items()}
    write(clerk, "licences",
        {"licence_id": f"licence-{firm}", "operator_id": firm, "number": text, "class": "pipeline",
         "area_codes": [AREA], "issued_by": text} | made,
    )  # fmt: skip
    clerk.ask("POST", f"licences/licence-{firm}:suspend", {"reason": text})
    clerk.ask("POST", f"licences/licence-{firm}:resume", {"reason": text})


def _site(clerk: Hand, kind: str, text: str) -> None:
    place = {"longitude": 105.0 + len(kind) / 100, "latitude": 27.84}
    # The second has no alarm, and stands in the list of those that should.
    for site_id in (site_of(kind), f"{site_of(kind)}-bare"):
        write(clerk, "sites",
            {"site_id": site_id, "operator_id": FIRM, "name": text, "kind": "restaurant", "area_code": AREA,
             "address": text, "obliged": True, "auto_close": False, "planning_approval": text,
             "contacts": [{"name": text, "phone": "13900000000", "role": text}]} | place,
        )  # fmt: skip
    device = {
        "site_id": site_of(kind),
        "zone": text[:ZONE_MAX].strip(),
        "model": text,
        "serial": text,
        "installed_on": "2026-01-05",
    }
    detector = {"device_id": f"det-hostile-{kind}", "kind": "detector", "gas": "LPG", "lel_basis_volpct": 1.5}
    write(clerk, "devices", device | detector)
    write(clerk, "devices", device | {"device_id": f"valve-hostile-{kind}", "kind": "valve"})


def leak(city: Living, clerk: Hand, folder: Path, kind: str) -> None:
    """Let the detector of a site speak: high gas at the first, low at the others."""
    device_id = f"det-hostile-{kind}"
    got = clerk.post(f"devices/{device_id}/credentials")
    files = {}
    for part in ("certificate", "key", "ca"):
        files[part] = str(folder / f"{device_id}.{part}")
        Path(files[part]).write_text(got[part])
    mqtt = city.run["mqtt"]
    config: dict[str, Any] = {
        **files, "client": device_id, "devices": [{"device_id": device_id, "kind": "detector", "gas": "LPG"}],
        "host": mqtt["host"], "port": mqtt["port_tls"], "command_keys": got["command_keys"],
        "memory": str(folder / f"{device_id}.json"),
    }  # fmt: skip
    detector = Controller(config)
    detector.boot()
    detector.connect()
    level, detector.lel = ("high", 62.5) if kind == "markup" else ("low", 12.0)
    detector.status = f"alarm_{level}"
    detector.event(device_id, "alarm_raised", level=level, lel_percent=detector.lel)
    detector.measure()
    detector.until(lambda: not detector.memory.unreceipted, "everything receipted", ALERT_LIMIT_S)
    detector.part()


def alert_at(watch: Hand, kind: str) -> str:
    """Return the gas alert of a site, once it is there."""
    end = time.monotonic() + ALERT_LIMIT_S
    while time.monotonic() < end:
        for one in watch.items(f"alerts?site_id={site_of(kind)}"):
            if one["rule"] in {"G01", "G02"}:
                return str(one["alert_id"])
    raise AssertionError(f"no alert at {site_of(kind)}")


def handle(scene: Scene) -> None:
    """Say something about each alert, each order, and to the next watch."""
    watch, later = scene.watch, (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    for kind, text in KINDS.items():
        alert = f"alerts/{scene.alerts[kind]}"
        write(watch, f"{alert}:acknowledge", {"note": text})
        write(watch, f"{alert}:confirm", {"finding": text})
        write(watch, f"{alert}:assign", {"person": text})
        write(watch, "handovers", {"handover_id": f"{time.time_ns():032x}", "text": text})
        watch.ask("POST", f"valves/valve-hostile-{kind}:arm", {"reason": text})
        scene.crew.clerk.ask("POST", f"devices/det-hostile-{kind}:maintain", {"reason": text, "until": later})
        scene.orders[kind] = scene.crew.order(text, site_of(kind))
    write(watch, f"alerts/{scene.alerts['rtl']}:shelve", {"reason": KINDS["markup"], "until": later})
    for kind, text in KINDS.items():
        order = f"orders/{scene.orders[kind]}"
        if kind == "markup":
            write(scene.crew.lead, f"{order}:accept", {"reason": text})
        write(scene.crew.lead, f"{order}:step",
            {"step": "located", "device_time": datetime.now(UTC).isoformat(),
             "note": text, "readings": [{"instrument_serial": text, "calibrated_on": text}]},
        )  # fmt: skip
        write(
            scene.crew.lead,
            f"{order}:step",
            {"step": "repaired", "device_time": datetime.now(UTC).isoformat(), "readings": NO_READINGS},
        )


def tell(supervisor: Hand) -> None:
    """Write down whom to tell."""
    for kind, text in KINDS.items():
        write(supervisor, "contacts",
            {"contact_id": f"contact-hostile-{kind}", "area_code": AREA, "name": text, "role": "watch",
             "person": text, "addresses": [{"channel": "app", "address": f"hostile-{kind}"}]},
        )  # fmt: skip


def manage(supervisor: Hand, clerk: Hand) -> None:
    """Hang up screens, take people on, and say which set-point should be another."""
    for number, (kind, text) in enumerate(KINDS.items()):
        write(supervisor, "sessions:screen", {"name": text})
        person = {"username": f"hostile-{kind}", "name": text, "role": "regulator_viewer", "area_code": AREA}
        write(clerk, "people", person)
        write(supervisor, "rules/G01:propose",
            {"value": 7 + number, "scope": f"site:{site_of(kind)}", "standard": text, "clause": text[:80],
             "effective_from": "2099-01-01T00:00:00Z", "reason": text},
        )  # fmt: skip


def played(city: Living, hand: Callable[[str], Hand], folder: Path) -> Scene:
    """Return the scene, written; once is enough for a city."""
    clerk = hand(CLERK)
    watch, supervisor, viewer = [hand(f"hostile-{name}") for name in ("watch", "supervisor", "viewer")]
    fresh = KINDS["rtl"] not in {one["text"] for one in watch.items(f"orders?site_id={site_of('rtl')}")}
    register(clerk)
    tell(supervisor)
    scene = Scene(man(hand, "hostile", AREA, MARKUP), watch, supervisor, viewer)
    if fresh:
        for kind in KINDS:
            leak(city, clerk, folder, kind)
    scene.alerts = {kind: alert_at(watch, kind) for kind in KINDS}
    if fresh:
        handle(scene)
        manage(supervisor, clerk)
    for kind, text in KINDS.items():
        theirs = [one for one in watch.items(f"orders?site_id={site_of(kind)}") if one["text"] == text]
        scene.orders[kind] = str(theirs[0]["order_id"])
    return scene
