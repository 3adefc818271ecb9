"""Debian's Chromium, in which the screens are tested and pictures of them are made."""

import os
import shutil

from deploy.native.errors import SetupError

# Nothing of the browser's own goes to the network; a container seldom has a graphics card.
ARGUMENTS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
if os.geteuid() == 0:
    ARGUMENTS.append("--no-sandbox")  # Chromium's sandbox does not work for root


def executable() -> str:
    """Return Chromium's path; SetupError says how to get it."""
    found = shutil.which("chromium")
    if found is None:
        raise SetupError("Chromium, in which the screens are tested, is missing: `make browser` installs it.")
    return found
