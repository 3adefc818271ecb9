/** What can be said of a device: online, offline and unknown are three things, and old is a fourth. */
import type { Device, DeviceLatest, Site } from "../../api/types";

export const HEALTHS = ["alarm", "fault", "offline", "stale", "unknown", "maintenance", "inactive", "well"] as const;
export type Health = (typeof HEALTHS)[number];

/** Rule D03. */
const HEARTBEATS = 2.5;
const DAY_MS = 86_400_000;

export function healthOf(device: Device, latest: DeviceLatest | undefined, online: boolean | null, now: number): Health {
  if (device.retired_on !== null || !device.active || device.revoked) return "inactive";
  if (device.maintenance) return "maintenance";
  // What a silent device said last is no longer so.
  if (online === false) return "offline";
  const heard = latest?.ingested_at;
  if (heard && now - Date.parse(heard) > device.heartbeat_s * HEARTBEATS * 1_000) return "stale";
  if (inAlarm(latest)) return "alarm";
  const status = latest?.reading?.status;
  if (status === "fault" || status === "end_of_life") return "fault";
  return heard ? "well" : "unknown";
}

const inAlarm = (latest: DeviceLatest | undefined): boolean => latest?.reading?.status.startsWith("alarm") ?? false;

/** Whether it was in alarm when it fell silent. */
export function wasAlarm(health: Health, latest: DeviceLatest | undefined): boolean {
  return (health === "offline" || health === "stale") && inAlarm(latest);
}

/** Years in service (CJJ/T 146-2011, 3.1.3): detectors 3, at homes 5, valves 10. */
function years(device: Device, site: Site | undefined): number | null {
  if (device.kind === "detector") return site?.kind === "residential" ? 5 : 3;
  return device.kind === "valve" ? 10 : null;
}

/** Days left, as the device counts them or from its installation; null where no life is set. */
export function lifeLeft(device: Device, latest: DeviceLatest | undefined, site: Site | undefined, now: number): number | null {
  const told = latest?.reading?.life_days_left;
  const life = years(device, site);
  if (life === null) return told === undefined ? null : Math.floor(told);
  const end = new Date(device.installed_on);
  end.setUTCFullYear(end.getUTCFullYear() + life);
  const counted = Math.floor((end.getTime() - now) / DAY_MS);
  return told === undefined ? counted : Math.min(counted, Math.floor(told));
}
