"""Where webhooks may go: exact origins of an allow-list, never a private address that it does not name."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


class RefusedError(ValueError):
    """This target may not be called; the text says why."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, as RFC 6454 compares them."""

    scheme: str
    host: str
    port: int

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """Return the address when the host is written as one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """Return the origin of a URL; RefusedError when it is none that a webhook may have."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedError("not a URL") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise RefusedError("only http and https")
    if parts.username is not None or parts.password is not None:
        raise RefusedError("no user information in URLs")
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in url) or "\\" in url:
        raise RefusedError("not a URL")
    return Origin(parts.scheme, parts.hostname.lower().rstrip("."), port or _PORTS[parts.scheme])


def check(url: str, allowed: Iterable[Origin]) -> Origin:
    """Return the origin when the allow-list names exactly it; RefusedError otherwise."""
    origin = origin_of(url)
    if origin not in set(allowed):
        raise RefusedError("not on the allow-list")
    return origin


def choose_address(origin: Origin, resolved: Iterable[str]) -> str:
    """Return the one address to connect to; RefusedError when a name leads into a private network.

    A literal address on the allow-list was meant, and so was `localhost`; a name that resolves to any
    address that is not global is refused as a whole (rebinding).
    """
    if origin.literal is not None:
        return str(origin.literal)
    found = [ip_address(one) for one in resolved]
    if not found:
        raise RefusedError("the name does not resolve")
    if origin.host == "localhost":
        if all(one.is_loopback for one in found):
            return str(found[0])
    elif all(one.is_global and not one.is_multicast for one in found):
        return str(found[0])
    raise RefusedError("the name leads into a private network")
