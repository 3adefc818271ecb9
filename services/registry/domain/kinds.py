"""The four kinds of objects: their names, ids and columns, so that code for versions is written once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its table and resource, its id's column, and the columns that lists filter by."""

    table: str
    resource: str
    id: str
    filters: tuple[str, ...]


OPERATOR = Kind("operator", "operators", "operator_id", ("operator_id", "credit_code", "area_code"))
LICENCE = Kind("licence", "licences", "licence_id", ("licence_id", "operator_id", "number", "class"))
SITE = Kind("site", "sites", "site_id", ("site_id", "operator_id", "area_code", "kind"))
DEVICE = Kind(
    "device",
    "devices",
    "device_id",
    ("device_id", "site_id", "operator_id", "area_code", "controller_id", "kind", "zone", "serial"),
)
