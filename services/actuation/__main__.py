"""`python -m services.actuation`."""

from services.actuation.app import start
from services.actuation.settings import Settings
from shared.chassis.service import main
from shared.chassis.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    main("actuation", lambda: start(settings))
