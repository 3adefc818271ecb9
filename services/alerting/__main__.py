"""`python -m services.alerting`."""

from services.alerting.app import run
from shared.chassis.service import main

if __name__ == "__main__":
    main("alerting", run)
