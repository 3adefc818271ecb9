"""`python -m services.watchdog`."""

from services.watchdog.app import run
from shared.chassis.service import main

if __name__ == "__main__":
    main("watchdog", run)
