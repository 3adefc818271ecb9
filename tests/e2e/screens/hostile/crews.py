"""A crew of one that nobody else drives, and orders for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.e2e.screens.hostile.hands import CLERK, CREWS, Hand

SITE, AREA = "lpg-jinjiang", "530681"


@dataclass(frozen=True)
class Crew:
    """Its lead, and who opens orders for it."""

    crew_id: str
    lead: Hand
    clerk: Hand

    def order(self, text: str, site: str = SITE) -> str:
        """Return a new order that waits for the lead."""
        body = {"site_id": site, "kind": "inspection", "priority": "P3", "text": text}
        order_id = str(self.clerk.post("orders", body)["order_id"])
        if self.clerk.get(f"orders/{order_id}")["crew_id"] != self.crew_id:
            self.clerk.post(f"orders/{order_id}:reassign", {"crew_id": self.crew_id, "reason": "theirs"})
        return order_id


def man(hand: Callable[[str], Hand], name: str, area: str = AREA, called: str = "") -> Crew:
    """Return a crew on duty."""
    crew_id, username, firm = f"crew-{name}", f"lead-{name}", CREWS[name]
    clerk = hand(CLERK)
    made = clerk.ask(
        "POST",
        "crews",
        {"crew_id": crew_id, "operator_id": firm, "area_code": area, "name": called or name, "lead": username,
         "members": [username], "skills": ["patrol", "leak"], "longitude": 104.4, "latitude": 28.6},
    )  # fmt: skip
    if made.status_code == 409:  # a city that was here before
        return Crew(crew_id, hand(username), clerk)
    assert made.status_code == 201, made.text
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=11)).isoformat()}
    clerk.post("shifts", {"shift_id": f"shift-{crew_id}", "crew_id": crew_id, "on_duty": True} | span)
    return Crew(crew_id, hand(username), clerk)
