/** Sites gathered into clusters that know the worst alert among them. */
import Supercluster from "supercluster";
import type { Site } from "../../api/types";
import type { Laid } from "./ground";

export interface SitePoint {
  siteId: string;
  name: string;
  worst: string;
  alerts: number;
}
type Gathered = Pick<SitePoint, "worst" | "alerts">;
export type Clusters = Supercluster<SitePoint, Gathered>;
/** After every real priority. */
export const QUIET = "P9";

export function gather(sites: readonly Site[], laid: Laid, told: (siteId: string) => { worst: string | null; alerts: number }): Clusters {
  const clusters = new Supercluster<SitePoint, Gathered>({
    radius: 48,
    maxZoom: 15,
    map: ({ worst, alerts }) => ({ worst, alerts }),
    reduce: (sum, one) => {
      sum.alerts += one.alerts;
      if (one.worst < sum.worst) sum.worst = one.worst;
    },
  });
  return clusters.load(
    sites.map((site) => {
      const [latitude, longitude] = laid(site);
      const { worst, alerts } = told(site.site_id);
      return {
        type: "Feature",
        geometry: { type: "Point", coordinates: [longitude, latitude] },
        properties: { siteId: site.site_id, name: site.name, worst: worst ?? QUIET, alerts },
      };
    }),
  );
}
