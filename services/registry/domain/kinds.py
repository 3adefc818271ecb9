"""The four kinds of objects: their names, ids and columns, so that code for versions is written once."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its table and resource, its id's column, what lists filter by (name → column).

    `dated` fields are facts that bear their own dates, such as what stands in a certificate: changing one
    corrects it, whatever day it is asked about. `searched` fields are found by what a person types, `named`
    by its pinyin too, and what lies `within` another object (table, id) by what that is found by.
    """

    table: str
    resource: str
    id: str
    filters: Mapping[str, str]
    dated: frozenset[str] = frozenset()
    searched: tuple[str, ...] = ()
    named: str | None = None
    within: tuple[str, str] | None = None


def _columns(*names: str) -> dict[str, str]:
    return {name: name for name in names}


# A station needs the approval of planning (DOMAIN section 1), a user does not.
_APPROVAL = (
    "CASE WHEN kind NOT IN ('gate_station', 'regulating_station', 'lng_station', 'lpg_station')"
    " THEN 'not_needed' WHEN planning_approval IS NULL THEN 'missing' ELSE 'given' END"
)
OPERATOR = Kind(
    "operator",
    "operators",
    "operator_id",
    _columns("operator_id", "credit_code", "area_code"),
    searched=("operator_id", "name", "credit_code"),
    named="name",
)
LICENCE = Kind(
    "licence",
    "licences",
    "licence_id",
    _columns("licence_id", "operator_id", "number", "class"),
    frozenset({"number", "class", "area_codes", "issued_by", "issued_on", "valid_from", "valid_to"}),
    searched=("licence_id", "number"),
    within=("operator", "operator_id"),
)
SITE = Kind(
    "site",
    "sites",
    "site_id",
    _columns("site_id", "operator_id", "area_code", "kind")
    | {"obliged": "obliged::text", "planning_approval": _APPROVAL},
    frozenset({"planning_approval", "planning_approved_on"}),
    searched=("site_id", "name", "address"),
    named="name",
)
DEVICE = Kind(
    "device",
    "devices",
    "device_id",
    _columns("device_id", "site_id", "operator_id", "area_code", "controller_id", "kind", "zone", "serial")
    | {"client_id": "coalesce(controller_id, device_id)", "active": "active::text"},
    frozenset({"model", "serial", "installed_on"}),
    searched=("device_id", "serial", "model"),
    within=("site", "site_id"),
)
KINDS = (OPERATOR, LICENCE, SITE, DEVICE)
