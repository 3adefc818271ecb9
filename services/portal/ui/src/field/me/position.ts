/** Where the phone is, when its owner allows it: with each step, and for who sends crews. */
import { api, once } from "../../api/client";
import { serverNow } from "../outbox/ask";
import type { Position } from "../outbox/entry";

const KEPT = "gaswatch.field.position";
const FRESH_MS = 180_000;
const REPORT_MS = 60_000;

export type Where = "off" | "waiting" | "on" | "denied" | "missing";

let last: { place: Position; at_ms: number } | null = null;

/** Return where the phone is, if that was found in the last three minutes. */
export function whereNow(): Position | null {
  return last && Math.abs(Date.now() - last.at_ms) < FRESH_MS ? last.place : null;
}

let where: Where = "off";
let end: (() => void) | null = null;
const heard = new Set<() => void>();

function tell(now: Where): void {
  where = now;
  for (const call of heard) call();
}

export function listenWhere(call: () => void): () => void {
  heard.add(call);
  return () => heard.delete(call);
}

export function whereState(): Where {
  return where;
}

/** Follow the position as long as the app is open, if its owner wanted that; the returned function stops it. */
export function begin(crewId: string | null): () => void {
  if (localStorage.getItem(KEPT) === "on") end = follow(crewId);
  return stop;
}

export function turn(on: boolean, crewId: string | null): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
  stop();
  if (on) end = follow(crewId);
}

function stop(): void {
  end?.();
  end = null;
  last = null;
  tell("off");
}

function follow(crewId: string | null): () => void {
  if (!("geolocation" in navigator)) {
    tell("missing");
    return () => undefined;
  }
  tell("waiting");
  let reported = 0;
  const report = (place: Position): void => {
    if (!crewId || !navigator.onLine || Math.abs(Date.now() - reported) < REPORT_MS) return;
    reported = Date.now();
    // It means now; a phone whose clock is a day off would be refused, or be a day behind for ever.
    const device_time = new Date(serverNow() ?? Date.now()).toISOString();
    api
      .POST("/api/v1/crews/{crew_id}:position", { params: { path: { crew_id: crewId } }, body: { ...place, device_time }, headers: once() })
      .catch(() => undefined);
  };
  const id = navigator.geolocation.watchPosition(
    ({ coords }) => {
      last = { place: { longitude: coords.longitude, latitude: coords.latitude }, at_ms: Date.now() };
      tell("on");
      report(last.place);
    },
    (error) => tell(error.code === error.PERMISSION_DENIED ? "denied" : "waiting"),
    { enableHighAccuracy: true, maximumAge: 30_000, timeout: 30_000 },
  );
  return () => navigator.geolocation.clearWatch(id);
}
