"""The city of a scenario: operators, licences, sites and devices, made from a data file and a seed.

The rows have the columns of the registry's CSV import; names are fictional.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from stdnum.cn import uscc

from shared.contracts.telemetry import TELEMETRY_PARTITIONS, partition_of

FOLDER = Path(__file__).parent / "scenarios"
Row = dict[str, str]
_FIRST = [
    "云",
    "金沙",
    "乌蒙",
    "朱提",
    "望海",
    "龙泉",
    "凤凰",
    "珠泉",
    "青杠",
    "白鹭",
    "石桥",
    "竹海",
    "茶马",
    "古道",
    "松林",
]
_SECOND = ["人家", "小厨", "酒楼", "食府", "羊肉馆", "米线店", "火锅城", "农家院", "快餐店", "饭庄"]
_KIND_WORD = {
    "canteen": "单位食堂",
    "hotel": "宾馆",
    "school": "中学食堂",
    "hospital": "医院食堂",
    "market": "集贸市场",
}
_ROADS = ["迎丰", "珠泉", "凤霞", "二环", "公园"]
CANARY_OPERATOR = "op-platform"
WATCHDOG = "watchdog"


@dataclass
class City:
    """Rows for the registry, and what the simulators must know beside them."""

    operators: list[Row] = field(default_factory=list)
    licences: list[Row] = field(default_factory=list)
    licence_verbs: list[tuple[str, str]] = field(default_factory=list)
    sites: list[Row] = field(default_factory=list)
    devices: list[Row] = field(default_factory=list)

    def clients(self) -> list[str]:
        """Return every id that needs a certificate."""
        return sorted({row["controller_id"] or row["device_id"] for row in self.devices} - {WATCHDOG})

    def simulated(self) -> list[Row]:
        """Return the devices that the simulators speak for: all but the watchdog's canaries."""
        return [row for row in self.devices if WATCHDOG not in {row["device_id"], row["controller_id"]}]


def credit_code(number: int) -> str:
    """Return a well-formed unified social credit code (GB 32100) that belongs to nobody."""
    body = f"91530600MA{number:07X}"[:17].replace("I", "J").replace("O", "P")
    return body + str(uscc.calc_check_digit(body))


def load(name: str = "zhaotong") -> dict[str, Any]:
    """Return a scenario file's content."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return content


def build(scenario: dict[str, Any]) -> City:
    """Return the city of a scenario; the same file gives the same city."""
    city = City()
    rng = random.Random(scenario["seed"])
    counties = {county["code"]: county for county in scenario["counties"]}
    for number, operator in enumerate(scenario["operators"], start=1):
        _operator(city, operator, number)
    for station in scenario["stations"]:
        _station(city, station, counties[station["county"]], rng)
    for site in scenario["named_sites"]:
        _user(city, site, counties[site["county"]], rng)
    for county in scenario["counties"]:
        for number in range(county["users"]):
            _user(city, _some_user(scenario, county, number, rng), county, rng)
    _canaries(city, scenario)
    return city


def _operator(city: City, operator: dict[str, Any], number: int) -> None:
    city.operators.append(
        {
            "operator_id": operator["id"],
            "name": operator["name"],
            "credit_code": credit_code(number),
            "area_code": operator["county"],
        }
    )
    state = operator["licence"]
    if state == "never":
        return
    licence_id = f"lic-{operator['id']}"
    city.licences.append(
        {
            "licence_id": licence_id,
            "operator_id": operator["id"],
            "number": f"滇06{number:04d}G",
            "class": operator["class"],
            "area_codes": ";".join(operator["areas"]),
            "issued_by": "县级燃气管理部门",
            "issued_on": "2023-06-01",
            "valid_from": "2023-06-01",
            "valid_to": "2025-05-31" if state == "expired" else "2029-05-31",
        }
    )
    if state in {"revoked", "withdrawn"}:
        city.licence_verbs.append((licence_id, {"revoked": "revoke", "withdrawn": "withdraw"}[state]))


def _place(row: Row, county: dict[str, Any], rng: random.Random) -> None:
    row["longitude"] = f"{county['longitude'] + rng.uniform(-0.03, 0.03):.5f}"
    row["latitude"] = f"{county['latitude'] + rng.uniform(-0.02, 0.02):.5f}"
    row["altitude_m"] = "1900"


def _site(site: dict[str, Any], county: dict[str, Any], rng: random.Random) -> Row:
    row = {
        "site_id": site["id"],
        "operator_id": site["operator"],
        "name": site["name"],
        "kind": site["kind"],
        "area_code": county["code"],
        "address": f"{county['name']}{rng.choice(_ROADS)}路{rng.randint(1, 300)}号",
        "obliged": str(site.get("obliged", True)).lower(),
        "auto_close": str(site.get("auto_close", False)).lower(),
        "gas": site.get("gas", "CH4"),
    }
    _place(row, county, rng)
    return row


def _device(site_id: str, device_id: str, kind: str, controller: str, gas: str, **more: str) -> Row:
    return {
        "device_id": device_id,
        "site_id": site_id,
        "zone": more.get("zone", "z1"),
        "kind": kind,
        "gas": gas if kind == "detector" else "",
        "lel_basis_volpct": {"CH4": "5", "LPG": "1.5"}[gas] if kind == "detector" else "",
        "controller_id": controller if controller != device_id else "",
        "model": f"sim-{kind}",
        "serial": f"S-{device_id}",
        "installed_on": more.get("installed_on", "2025-03-01"),
        "heartbeat_s": more.get("heartbeat_s", "60"),
        "limits": more.get("limits", ""),
    }


_LIMITS = {
    "regulator": '{"upper_working_kpa": 3.0, "trip_kpa": 4.5, "rated_kpa": 2.0}',
    "tank": '{"relief_kpa": 800, "level_low_percent": 15, "level_high_percent": 85}',
}


def _station(city: City, station: dict[str, Any], county: dict[str, Any], rng: random.Random) -> None:
    site = _site(station | {"obliged": False}, county, rng)
    if station.get("approved", True):
        site["planning_approval"] = f"规划许可-{station['id']}"
        site["planning_approved_on"] = "2019-05-20"
    city.sites.append(site)
    controller = f"{station['id']}-c"
    city.devices.append(_device(site["site_id"], controller, "controller", controller, station["gas"]))
    for number, kind in enumerate(station["devices"], start=1):
        city.devices.append(
            _device(
                site["site_id"],
                f"{station['id']}-{kind[:3]}{number}",
                kind,
                controller,
                station["gas"],
                limits=_LIMITS.get(kind, ""),
                heartbeat_s="30",
            )
        )


def _some_user(
    scenario: dict[str, Any], county: dict[str, Any], number: int, rng: random.Random
) -> dict[str, Any]:
    users = scenario["users"]
    kind = rng.choice(users["kinds"])
    word = _KIND_WORD.get(kind) or rng.choice(_SECOND)
    local = [one for one in scenario["operators"] if one["county"] == county["code"]]
    operator = rng.choice(local)
    return {
        "id": f"u-{county['code']}-{number:03d}",
        "operator": operator["id"],
        # Who sells cylinders supplies no piped gas: the class of the licence has to fit what is sold.
        "gas": "LPG" if operator["class"] == "bottled" else "CH4",
        "name": f"{rng.choice(_FIRST)}{word}",
        "kind": kind,
        "auto_close": rng.random() < 0.7,
        "detectors": 0 if rng.random() < users["share_without_alarm"] else 1,
        "valve": rng.random() >= users["share_without_valve"],
    }


def _user(city: City, user: dict[str, Any], county: dict[str, Any], rng: random.Random) -> None:
    site = _site(user, county, rng)
    city.sites.append(site)
    if not user["detectors"]:
        return
    more = {"heartbeat_s": str(user.get("heartbeat_s", 60))}
    first = f"{user['id']}-d1"
    # A detector alone speaks for itself; beside other devices a controller speaks for all.
    alone = user["detectors"] == 1 and not user["valve"]
    speaker = first if alone else f"{user['id']}-c"
    if speaker != first:
        city.devices.append(_device(user["id"], speaker, "controller", speaker, "CH4"))
    for number in range(1, user["detectors"] + 1):
        device_id = f"{user['id']}-d{number}"
        city.devices.append(_device(user["id"], device_id, "detector", speaker, site["gas"], **more))
    if user["valve"]:
        city.devices.append(_device(user["id"], f"{user['id']}-v1", "valve", speaker, site["gas"], **more))


def _canaries(city: City, scenario: dict[str, Any]) -> None:
    """Add one reserved site per telemetry partition, for the watchdog."""
    city.operators.append(
        {
            "operator_id": CANARY_OPERATOR,
            "name": "平台自检",
            "credit_code": credit_code(99),
            "area_code": scenario["prefecture"],
        }
    )
    found: dict[int, str] = {}
    number = 0
    while len(found) < TELEMETRY_PARTITIONS:
        site_id = f"canary-{number}"
        found.setdefault(partition_of(site_id), site_id)
        number += 1
    first = min(found.values())
    city.devices.append(_device(first, WATCHDOG, "controller", WATCHDOG, "CH4"))
    for partition, site_id in sorted(found.items()):
        city.devices.append(_device(site_id, f"{site_id}-d", "detector", WATCHDOG, "CH4"))
        city.sites.append(
            {
                "site_id": site_id,
                "operator_id": CANARY_OPERATOR,
                "name": f"自检点{partition}",
                "kind": "pipeline",
                "area_code": scenario["prefecture"],
                "address": "-",
                "longitude": "103.7",
                "latitude": "27.3",
                "obliged": "false",
                "auto_close": "false",
                "gas": "CH4",
                "altitude_m": "1900",
                "reserved": "true",
            }
        )
