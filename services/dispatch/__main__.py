"""`python -m services.dispatch`."""

from services.dispatch.app import run
from shared.chassis.service import main

if __name__ == "__main__":
    main("dispatch", run)
