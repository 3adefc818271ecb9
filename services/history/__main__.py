"""`python -m services.history`."""

from services.history.app import start
from shared.chassis.service import main

if __name__ == "__main__":
    main("history", start)
