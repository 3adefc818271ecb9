"""`python -m services.portal` serves; with a command (`--help` names them) it does that instead."""

import sys

from services.portal import app, commands
from shared.chassis.service import StartError, main

if __name__ == "__main__":
    if len(sys.argv) > 1:
        try:
            commands.app()
        except StartError as error:
            sys.exit(str(error))
    main("portal", app.run)
