"""Hand-over notes, photos, settings and lists of the portal's own, each held against the document."""

import io
import uuid

import pyotp
from PIL import Image

from tests.integration.portal.rig import PEOPLE, SECRET, bearer, sign_in

ADMIN = next(one["totp_secret"] for one in PEOPLE if one["username"] == "admin")


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def photo():
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "PNG")
    return {"file": ("leak.png", out.getvalue(), "image/png")}


async def test_a_note_for_the_next_watch_holds_the_open_alerts(portal):
    watch = bearer(await sign_in(portal, "watch", pyotp.TOTP(SECRET).now()))
    given = {"handover_id": str(uuid.uuid4()), "text": "三号阀在修"}
    made = await portal.post("/api/v1/handovers", json=given, headers=watch | key())
    assert made.status_code == 201, made.text
    assert [alert["rule"] for alert in made.json()["open_alerts"]] == ["G02"]
    listed = (await portal.get("/api/v1/handovers", headers=watch)).json()["items"]
    assert [note["handover_id"] for note in listed] == [given["handover_id"]]
    path = f"/api/v1/handovers/{given['handover_id']}:accept"
    assert (await portal.post(path, headers=watch | key())).status_code == 409
    portal.cookies.clear()
    night = bearer(await sign_in(portal, "night", pyotp.TOTP(SECRET).now()))
    assert (await portal.post(path, headers=night | key())).json()["accepted_by"] == "night"


async def test_a_photo_of_an_order_is_kept_and_shown(portal):
    crew, once = bearer(await sign_in(portal)), key()
    for _ in range(2):  # a phone that heard no answer sends it again, in another form
        made = await portal.post(
            "/api/v1/attachments", files=photo(), data={"order_id": "o1"}, headers=crew | once
        )
        assert made.status_code == 201, made.text
    path = f"/api/v1/attachments/{made.json()['attachment_id']}"
    assert (await portal.get(path, headers=crew)).json()["sha256"] == made.json()["sha256"]
    content = await portal.get(f"{path}/content", headers=crew)
    with Image.open(io.BytesIO(content.content)) as shown:
        assert (shown.size, made.json()["width"]) == ((40, 30), 40)


async def test_what_the_apps_are_told(portal):
    crew = bearer(await sign_in(portal))
    assert (await portal.get("/api/v1/settings", headers=crew)).json() == {"tiles": None}


async def test_everybody_is_listed_without_secrets(portal):
    admin = bearer(await sign_in(portal, "admin", pyotp.TOTP(ADMIN).now()))
    listed = (await portal.get("/api/v1/people", headers=admin)).json()["items"]
    assert [one["username"] for one in listed] == sorted(one["username"] for one in PEOPLE)
