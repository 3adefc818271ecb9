"""`python -m services.registry`."""

from services.registry.app import run
from services.registry.settings import Settings
from shared.chassis.service import main
from shared.chassis.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    main("registry", lambda: run(settings))
