"""`python -m services.ingestion`."""

from services.ingestion.app import start
from services.ingestion.settings import Settings
from shared.chassis.service import main
from shared.chassis.settings import load

if __name__ == "__main__":
    settings = load(Settings)
    main("ingestion", lambda: start(settings))
