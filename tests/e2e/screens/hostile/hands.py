"""Somebody at the API beside the browser: makes what a test needs, and looks at what came of it."""

import secrets
import time
import uuid
from typing import Any

import httpx
import pyotp

from services.portal.domain.people import SECOND_FACTOR_ROLES

RENEW_S = 240.0
LIMIT_S = 60.0
CLERK = "hostile-clerk"
# (user name, role, scope): nobody else's, for codes work once and some of their sessions end.
HOSTILE, JINJIANG = {"operator_id": "op-hostile"}, {"operator_id": "op-jinjiang"}
CREWS = {"photo": "op-jinjiang", "ended": "op-jinjiang", "hostile": "op-hostile"}
ENDING = 13
PEOPLE: list[tuple[str, str, dict[str, str]]] = [
    (CLERK, "administrator", {}),
    ("hostile-administrator", "administrator", {}),
    ("hostile-watch", "watch", HOSTILE),
    ("hostile-supervisor", "watch_supervisor", HOSTILE),
    ("hostile-viewer", "regulator_viewer", {"area_code": "530629"}),
    ("guarded-viewer", "regulator_viewer", {"area_code": "530629"}),
    ("guarded-watch", "watch", JINJIANG),
    *((f"ends-{number}", "watch_supervisor", JINJIANG) for number in range(ENDING)),
    *(
        (f"lead-{name}", "crew_lead", {"operator_id": firm, "crew_id": f"crew-{name}"})
        for name, firm in CREWS.items()
    ),
]


def accounts() -> list[dict[str, Any]]:
    """Return fresh accounts of all these people."""
    return [
        {
            "username": username, "role": role, "name": username, "password": secrets.token_urlsafe(12),
            "totp_secret": pyotp.random_base32() if role in SECOND_FACTOR_ROLES else None,
        } | scope
        for username, role, scope in PEOPLE
    ]  # fmt: skip


class Hand:
    """One person's session by bearer token."""

    def __init__(self, portal: str, account: dict[str, Any]) -> None:
        self.username = account["username"]
        # Each connection ends with its answer: none is left open when the tests end.
        alone = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=f"{portal}/api/v1/", timeout=LIMIT_S, trust_env=False, limits=alone)
        who = {name: account[name] for name in ("username", "password")}
        # The code before the present one is taken, too, if it is quick: so the next sign-in need not wait.
        for after_s in (-30, 0):
            if account["totp_secret"]:
                who["otp"] = pyotp.TOTP(account["totp_secret"]).at(int(time.time()) + after_s)
            answer = self.http.post("/session", json=who)
            if answer.status_code == 200:
                break
        self._take(answer)

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.http.cookies.clear()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        self._renew_at = time.monotonic() + RENEW_S

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Return the answer, whatever it is."""
        if time.monotonic() > self._renew_at:
            self._take(self.http.post("/session:refresh"))
        headers = {"Idempotency-Key": str(uuid.uuid4())} | headers
        return self.http.request(method, f"/{path}", json=body, headers=headers)

    def get(self, path: str) -> Any:
        """Return what is there."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the first 500 of a list."""
        found: list[dict[str, Any]] = self.get(f"{path}{'&' if '?' in path else '?'}limit=500")["items"]
        return found

    def post(self, path: str, body: Any = None) -> Any:
        """Act, and return what came of it."""
        answer = self.ask("POST", path, {} if body is None else body)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json()
