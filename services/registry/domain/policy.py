"""Who may do what in the registry; whose rows they may touch is row-level security's part.

Tenant admins register what is theirs, the administrator everything, regulators read by area; a licence's
state is changed by those who license, only its renewal is filed by the firm.
"""

from typing import Literal

Action = Literal["read", "oversee", "register", "credentials", "file_renewal", "decide_licence"]

_READERS = frozenset(
    {
        "watch",
        "watch_supervisor",
        "operator_admin",
        "regulator_viewer",
        "regulator_officer",
        "regulator_approver",
        "inspector",
        "government_approver",
        "crew_member",
        "crew_lead",
        "dispatcher",
        "administrator",
    }
)
ROLES: dict[Action, frozenset[str]] = {
    "read": _READERS,
    # Who is unlicensed and who has no alarm: the firm sees only what is said of itself.
    "oversee": _READERS - {"crew_member", "crew_lead", "dispatcher"},
    "register": frozenset({"operator_admin", "administrator"}),
    "credentials": frozenset({"operator_admin", "administrator"}),
    "file_renewal": frozenset({"operator_admin", "regulator_officer", "administrator"}),
    "decide_licence": frozenset({"regulator_officer", "regulator_approver", "administrator"}),
}
# Only the administrator says that a site belongs to the platform's canaries.
RESERVERS = frozenset({"administrator"})
