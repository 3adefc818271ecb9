"""The four kinds of objects: their names, ids and columns, so that code for versions is written once."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its table and resource, its id's column, what lists filter by (name → column).

    `dated` fields are facts that bear their own dates, such as what stands in a certificate: changing one
    corrects it, whatever day it is asked about.
    """

    table: str
    resource: str
    id: str
    filters: Mapping[str, str]
    dated: frozenset[str] = frozenset()


def _columns(*names: str) -> dict[str, str]:
    return {name: name for name in names}


OPERATOR = Kind("operator", "operators", "operator_id", _columns("operator_id", "credit_code", "area_code"))
LICENCE = Kind(
    "licence",
    "licences",
    "licence_id",
    _columns("licence_id", "operator_id", "number", "class"),
    frozenset({"number", "class", "area_codes", "issued_by", "issued_on", "valid_from", "valid_to"}),
)
SITE = Kind(
    "site",
    "sites",
    "site_id",
    _columns("site_id", "operator_id", "area_code", "kind"),
    frozenset({"planning_approval", "planning_approved_on"}),
)
DEVICE = Kind(
    "device",
    "devices",
    "device_id",
    _columns("device_id", "site_id", "operator_id", "area_code", "controller_id", "kind", "zone", "serial")
    | {"client_id": "coalesce(controller_id, device_id)"},
    frozenset({"model", "serial", "installed_on"}),
)
