"""Where sites are, from the registry's compacted topic."""

from services.dispatch.domain.model import Place
from shared.chassis.table import Table
from shared.contracts.objects import Site


class SitePlaces:
    """Places over a table of sites."""

    def __init__(self, sites: Table[Site]) -> None:
        self._sites = sites

    def get(self, site_id: str) -> Place | None:
        """Return a site's place."""
        site = self._sites.get(site_id)
        if site is None:
            return None
        known = (site.longitude, site.latitude) != (0.0, 0.0)
        return Place(
            site_id=site.site_id,
            operator_id=site.operator_id,
            area_code=site.area_code,
            name=site.name,
            longitude=site.longitude if known else None,
            latitude=site.latitude if known else None,
        )
