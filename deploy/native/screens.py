"""Every screen of the three apps: who sees it, where, how it is opened; for pictures and checks."""

from dataclasses import dataclass

from playwright.async_api import ViewportSize

WATCH, DISPATCHER, ADMINISTRATOR = "watch", "dispatcher", "administrator"
OFFICER, CREW = "officer", "lead-wumeng"
# They have done nothing yet: the one owes a password, the other only a second factor.
OWES_PASSWORD, OWES_FACTOR = "newcomer-1", "newcomer-2"
NOBODY = ""
COOKIE = "gaswatch_session"
SIZES: dict[str, ViewportSize] = {
    "desk": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}


@dataclass(frozen=True)
class Screen:
    """A screen: open `path`, wait for `shown`; click each of `clicks`; wait for `then`."""

    name: str
    username: str
    path: str
    shown: str
    clicks: tuple[str, ...] = ()
    then: str = ""


_LEAK = "/console/alerts?rule=G02,G04"
_ROW = ".alert-row"
_DIALOG = "[role=dialog] .ant-modal-footer"
_TABLE = ".reg-table tbody tr.ant-table-row"

GATE = (
    Screen("sign-in", NOBODY, "/console/", "main.gate form"),
    Screen("own-password", OWES_PASSWORD, "/console/", "input[name=new]"),
    Screen("second-factor", OWES_FACTOR, "/console/", ".gate-secret"),
    Screen("elsewhere", WATCH, "/regulator/", "main.gate a"),
)
CONSOLE = (
    Screen("alerts", WATCH, "/console/alerts", _ROW),
    Screen("alerts-shelved", WATCH, "/console/alerts?tab=shelved", ".alert-table .ant-empty, .alert-row"),
    Screen("alerts-closed", WATCH, "/console/alerts?tab=closed", ".ant-empty, .alert-row"),
    Screen("alert", WATCH, _LEAK, _ROW, (_ROW,), ".detail .small-map .map-mark"),
    Screen("close-valve", WATCH, _LEAK, _ROW, (_ROW, ".detail .ant-btn-dangerous"), _DIALOG),
    Screen(
        "shelve",
        WATCH,
        "/console/alerts?priority=P3",
        _ROW,
        (_ROW, ".detail .row > button:nth-of-type(4)"),
        _DIALOG,
    ),
    Screen(
        "dispatch",
        WATCH,
        "/console/alerts?state=unassigned",
        _ROW,
        (_ROW, ".detail .row > button:nth-of-type(6)"),
        _DIALOG,
    ),
    Screen("start-of-watch", WATCH, "/console/alerts", _ROW, (".banner.locked button",), _DIALOG),
    Screen("keys", WATCH, "/console/alerts", _ROW, (".page-actions button",), "[role=dialog] kbd"),
    Screen("what", WATCH, "/console/alerts", _ROW, (".page-head .ant-btn-circle",), ".glossary dt"),
    Screen("order-board", DISPATCHER, "/console/orders", "table.plain tbody tr, .ant-empty"),
    Screen("order-board-ended", DISPATCHER, "/console/orders?tab=ended", "table.plain tbody tr, .ant-empty"),
    Screen("order-board-crews", DISPATCHER, "/console/orders?tab=crews", "table.plain tbody tr"),
    Screen(
        "order-board-new",
        DISPATCHER,
        "/console/orders",
        ".page-actions button",
        (".page-actions button",),
        _DIALOG,
    ),
    Screen(
        "order-board-one",
        DISPATCHER,
        "/console/orders",
        "table.plain tbody tr",
        ("table.plain tbody button",),
        ".ant-drawer .loop",
    ),
    Screen("map", WATCH, "/console/map", ".map-cluster, .map-mark"),
    Screen("map-site", WATCH, "/console/map?site=site-yunling", ".map-list section"),
    Screen("devices", WATCH, "/console/devices", ".ant-table-row"),
    Screen("handover", WATCH, "/console/handover", "main form"),
    Screen("figures", WATCH, "/console/figures", "main .panel svg, main .panel table"),
    Screen("rules", WATCH, "/console/rules", "table.plain tbody tr"),
    Screen(
        "propose",
        "supervisor",
        "/console/rules",
        "table.plain tbody tr",
        ("table.plain tbody tr:first-child button",),
        _DIALOG,
    ),
    Screen("deliveries", "supervisor", "/console/notices", "main table tbody tr"),
    Screen("contacts", "supervisor", "/console/notices?tab=contacts", "main table tbody tr"),
    Screen("routes", "supervisor", "/console/notices?tab=routes", "main table tbody tr, .ant-empty"),
    Screen("own-account", WATCH, "/console/me", ".own-sessions li"),
    Screen("wall", WATCH, "/console/wall", ".wall-list li"),
    Screen("people", ADMINISTRATOR, "/console/people", "table.plain tbody tr"),
    Screen(
        "person", ADMINISTRATOR, "/console/people", "table.plain tbody tr", (".page-actions button",), _DIALOG
    ),
    Screen("audit", ADMINISTRATOR, "/console/audit", "main table tbody tr"),
)
REGULATOR = (
    Screen("exceptions", OFFICER, "/regulator/", ".reg-exception:nth-child(4) .reg-fresh"),
    Screen("unlicensed", OFFICER, "/regulator/unlicensed", _TABLE),
    Screen(
        "evidence",
        OFFICER,
        "/regulator/unlicensed",
        _TABLE,
        (".reg-row-button",),
        ".reg-law",
    ),
    Screen("licences", OFFICER, "/regulator/licences", _TABLE),
    Screen("coverage", OFFICER, "/regulator/coverage", ".reg-map-label"),
    Screen("coverage-county", OFFICER, "/regulator/coverage?area=530602", _TABLE),
    Screen("missing", OFFICER, "/regulator/coverage/missing", _TABLE),
    Screen("overdue", OFFICER, "/regulator/orders", ".reg-table, .reg-nothing"),
    Screen("operators", OFFICER, "/regulator/operators", _TABLE),
    Screen("operator", OFFICER, "/regulator/operators/op-zhaoyun", ".reg-facts"),
    Screen("sites", OFFICER, "/regulator/sites", _TABLE),
    Screen("site", OFFICER, "/regulator/sites/site-yunling", ".reg-facts"),
    Screen("devices-of-all", OFFICER, "/regulator/devices", _TABLE),
    Screen(
        "device",
        OFFICER,
        "/regulator/devices",
        _TABLE,
        (".reg-row-button",),
        ".ant-drawer .reg-facts",
    ),
    Screen("person-card", OFFICER, "/regulator/", ".reg-exception", (".reg-person",), ".reg-card"),
    Screen("own-account-officer", OFFICER, "/regulator/me", ".own-sessions li"),
    Screen("no-such-page", OFFICER, "/regulator/nothing-here", "main h1"),
)
FIELD = (
    Screen("orders", CREW, "/field/", "a.card"),
    Screen("order", CREW, "/field/", "a.card", ("a.card",), ".next .big"),
    Screen("step", CREW, "/field/", "a.card", ("a.card", ".next .big"), "form.step"),
    Screen("outbox", CREW, "/field/?view=outbox", "main h1"),
    Screen("me", CREW, "/field/?view=me", "main .panel .strong"),
    Screen("help", CREW, "/field/?view=help", "main dl"),
)
SCREENS = (*GATE, *CONSOLE, *REGULATOR, *FIELD)


def choice(theme: str, language: str) -> str:
    """Return the script by which a browser has chosen a theme and a language before a page begins.

    It renews no session: several browsers look by one token, and its successor would end it for the others.
    """
    kept = {"gaswatch.theme": f"'{theme}'", "gaswatch.language": f"'{language}'"}
    kept["gaswatch.renewal"] = "String(Date.now() + 200000)"
    return "".join(f"localStorage.setItem('{name}', {value});" for name, value in kept.items())
