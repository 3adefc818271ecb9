"""One-time codes (RFC 6238)."""

import hmac
from datetime import UTC, datetime

import pyotp
import segno

from services.portal.domain.people import TOTP_STEP_S, totp_steps


class Totp:
    """Implements `ports.SecondFactor` with the machine's clock."""

    def create(self, username: str) -> tuple[str, str]:
        """Return a new secret and the address that an authenticator app reads from a QR code."""
        secret = pyotp.random_base32()
        return secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Gaswatch")

    def picture(self, address: str) -> str:
        """Return an address as a QR code: an SVG in a `data:` address, dark on light whatever the theme."""
        return str(segno.make(address, error="m").svg_data_uri(scale=4, border=4, light="#fff"))

    def matching_step(self, secret: str, code: str) -> int | None:
        """Return the time step whose code it is, within one step of drift."""
        generator = pyotp.TOTP(secret)
        for step in totp_steps(datetime.now(UTC)):  # noqa: TID251 - a one-time code means the wall clock
            if hmac.compare_digest(generator.at(step * TOTP_STEP_S).encode(), code.encode()):
                return step
        return None
