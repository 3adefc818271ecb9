/** The kinds of places and devices that lists are filtered by. */
import type { Device, Site } from "../../api/types";

export const SITE_KINDS = [
  "restaurant", "canteen", "market", "hotel", "hospital", "school", "factory",
  "gate_station", "regulating_station", "lng_station", "lpg_station", "pipeline", "residential",
] as const satisfies readonly Site["kind"][];

export const DEVICE_KINDS = [
  "detector", "valve", "controller", "regulator", "tank", "vaporizer", "flow_meter", "odorizer",
] as const satisfies readonly Device["kind"][];

export const FLAGS = ["true", "false"] as const;
export const APPROVALS = ["given", "missing", "not_needed"] as const;

const STATIONS: ReadonlySet<Site["kind"]> = new Set(["gate_station", "regulating_station", "lng_station", "lpg_station"]);

/** Stations need a planning approval of their own. */
export function needsApproval(site: Site): boolean {
  return STATIONS.has(site.kind);
}
