"""Which detector suits which gas (rule D07, CJJ/T 146-2011 section 3.1.2)."""

# LPG is propane and butane; a detector for one of them suits all three [K, configurable by changing this].
_FAMILY = {"CH4": "natural gas", "LPG": "LPG", "C3H8": "LPG", "C4H10": "LPG"}


def mismatch(kind: str, device_gas: str | None, site_gas: str | None) -> str | None:
    """Return why a device's gas does not suit the site's, or None.

    A carbon monoxide detector watches combustion, not the gas supplied, and suits every site. What is not
    known yet is no mismatch: it is judged again as soon as either side becomes known.
    """
    if kind != "detector" or device_gas is None or site_gas is None or device_gas == "CO":
        return None
    if _FAMILY.get(device_gas) == _FAMILY.get(site_gas, site_gas):
        return None
    return f"the detector is made for {device_gas}, the site uses {site_gas}"
