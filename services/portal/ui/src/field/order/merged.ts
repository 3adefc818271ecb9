/** The steps of an order as one list: those at the server, and those that still wait on this phone. */
import type { OrderItem, Step } from "../../api/types";
import type { Entry, Reading } from "../outbox/entry";

export interface Shown {
  key: string;
  /** A step (`step.…` in the words), or what else became of the order (`orderItem.…`). */
  kind: "step" | "item";
  step: string;
  device_ms: number;
  /** Whether that is a phone's word; what the server did by itself has its time only. */
  by_phone: boolean;
  server_at: string | null;
  person: string;
  readings: Partial<Reading>[];
  note: string | null;
  corrects: string | null;
  attachment_ids: string[];
  /** Photos that are on this phone only. */
  photo_ids: string[];
  entry: Entry | null;
}

const MEASURED = ["instrument_serial", "calibrated_on", "lel_percent", "ppm"] as const;

/** The API lets a program report anything: what is no text and no number cannot be shown. */
function readingOf(item: Readonly<Record<string, unknown>>): Partial<Reading> {
  return Object.fromEntries(MEASURED.map((name) => [name, item[name]]).filter(([, value]) => typeof value === "string" || typeof value === "number")) as Partial<Reading>;
}

const MOVE_STEPS: Readonly<Record<string, string>> = { accept: "accepted", depart: "en_route", arrive: "arrived", close: "closed" };

function ofServer(step: Step): Shown {
  return {
    key: step.step_id,
    kind: "step",
    step: step.step,
    device_ms: Date.parse(step.device_time),
    by_phone: true,
    server_at: step.received_at,
    person: step.person,
    readings: step.readings.map(readingOf),
    note: step.note,
    corrects: step.corrects,
    attachment_ids: step.attachment_ids,
    photo_ids: [],
    entry: null,
  };
}

function ofPhone(entry: Entry): Shown {
  return {
    key: entry.id,
    kind: "step",
    step: entry.action === "step" ? (entry.step ?? "") : (MOVE_STEPS[entry.action] ?? entry.action),
    device_ms: entry.device_ms,
    by_phone: true,
    server_at: null,
    person: entry.user,
    readings: entry.readings,
    note: entry.note ?? entry.reason,
    corrects: entry.corrects,
    attachment_ids: [],
    photo_ids: entry.photos.filter((photo) => !photo.dropped).map((photo) => photo.photo_id),
    entry,
  };
}

const ITEM_STEPS: Readonly<Record<string, string>> = { accepted: "accepted", departed: "en_route", arrived: "arrived", closed: "closed" };

function ofTimeline(item: OrderItem, place: number): Shown {
  const step = ITEM_STEPS[item.kind];
  return {
    key: `item-${place}`,
    kind: step ? "step" : "item",
    step: step ?? item.kind,
    device_ms: Date.parse(item.device_time ?? item.at),
    by_phone: item.device_time !== undefined,
    server_at: item.at,
    person: step || item.kind === "cancelled" ? (item.actor ?? "") : "",
    readings: [],
    note: step ? (item.reason ?? null) : null,
    corrects: null,
    attachment_ids: [],
    photo_ids: [],
    entry: null,
  };
}

const UNTOLD = new Set(["step", "recommended"]);

/** Return all that was done in the order in which it was; what the server shows already is not shown twice. */
export function merged(steps: readonly Step[], timeline: readonly OrderItem[], entries: readonly Entry[]): Shown[] {
  const there = [...timeline.filter((item) => !UNTOLD.has(item.kind)).map(ofTimeline), ...steps.map(ofServer)];
  const isThere = (entry: Entry): boolean => there.some((one) => one.person === entry.user && one.device_ms === entry.device_ms);
  const here = entries.filter((entry) => !isThere(entry)).map(ofPhone);
  return [...there, ...here].sort((a, b) => a.device_ms - b.device_ms);
}

/** Return which steps were reported, those on their way included. */
export function reported(all: readonly Shown[]): Set<string> {
  return new Set(
    all
      .filter((one) => one.kind === "step" && (one.entry === null || one.entry.state === "waiting" || one.entry.state === "done"))
      .map((one) => one.step),
  );
}
