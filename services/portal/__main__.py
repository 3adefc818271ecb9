"""`python -m services.portal` serves; `python -m services.portal add-accounts FILE` creates accounts."""

import sys

from services.portal import app, commands
from shared.chassis.service import main

if __name__ == "__main__":
    if sys.argv[1:2] == ["add-accounts"]:
        raise SystemExit(commands.add_accounts(sys.argv[2:]))
    main("portal", app.run)
