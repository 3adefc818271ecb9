"""`python -m services.notification`."""

from services.notification.app import run
from shared.chassis.service import main

if __name__ == "__main__":
    main("notification", run)
