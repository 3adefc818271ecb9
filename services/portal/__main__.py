"""`python -m services.portal` serves; with a command (`--help` names them) it does that instead."""

import sys

from services.portal import app, commands
from shared.chassis.service import main

if __name__ == "__main__":
    if len(sys.argv) > 1:
        commands.app()
    main("portal", app.run)
