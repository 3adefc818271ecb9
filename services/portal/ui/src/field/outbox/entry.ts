/** What a person did on this phone and the server does not know yet, or knows since when. */

export type Move = "accept" | "depart" | "arrive" | "close";
export type Action = Move | "step";

/** One measurement, as it goes over the wire. */
export interface Reading {
  instrument_serial: string;
  calibrated_on: string;
  lel_percent?: number;
  ppm?: number;
}

export interface Position {
  longitude: number;
  latitude: number;
}

/** A photo of a step; `photo_id` is its own Idempotency-Key, `attachment_id` the server's name once it has it. */
export interface Photo {
  photo_id: string;
  attachment_id: string | null;
  /** Without this one the step may go: it was refused, or the phone has lost it. */
  dropped: boolean;
}

/** Why the server did not take it, in its own words; `state` is the order's when it says so. */
export interface Fault {
  status: number;
  type: string;
  detail: string;
  at_ms: number;
  state: string | null;
  photo_id: string | null;
}

/** `server_ms` by the server's clock, `device_ms` by the phone's; `found` = it turned out to be there already. */
export interface Answer {
  device_ms: number;
  server_ms: number | null;
  how: "taken" | "found";
}

/** What it said before it was said in another way. */
export interface Former {
  id: string;
  action: Action;
  step: string | null;
  at_ms: number;
  why: string;
}

export interface Done {
  order_id: string;
  action: Action;
  step: string | null;
  reason: string | null;
  note: string | null;
  /** The device time of the step that this one corrects. */
  corrects: string | null;
  readings: Reading[];
  position: Position | null;
  photos: Photo[];
}

export type State = "waiting" | "done" | "refused" | "aside";

/** One action in the outbox; `seq` is the order in which things were done on this phone. */
export interface Entry extends Done {
  seq: number;
  /** UUID, the Idempotency-Key of what it says now. */
  id: string;
  /** The form it came from: a form sent twice is one entry. */
  form_id: string;
  user: string;
  device_ms: number;
  /** Server's clock minus the phone's when it was done, as far as was known. */
  offset_ms: number | null;
  state: State;
  tries: number;
  /** How often the server broke on it (500). */
  broke: number;
  /** When the server may have got it first, by its clock as far as that was known; null = it cannot have. */
  sent: { server_ms: number | null } | null;
  /** The body as it was sent first: the same key must carry the same bytes for ever. */
  frozen: string | null;
  /** Look whether the server has it before sending it again. */
  check: boolean;
  not_before_ms: number;
  /** Done by somebody who had seen that an earlier one was refused: does not wait until that is put right. */
  knowing: boolean;
  fault: Fault | null;
  answer: Answer | null;
  former: Former[];
}

/** Now, by both clocks, and a UUID that nobody has used. */
export interface Moment {
  now_ms: number;
  server_ms: number | null;
  fresh: string;
}

/** Return the entry of something that was just done; `earlier` are the entries of the same order and person.
 *
 * Times of one phone and order strictly grow, whatever its clock does: the server merges steps by them, and
 * they tell one step from another.
 */
export function entryOf(done: Done, user: string, formId: string, earlier: readonly Entry[], moment: Moment): Omit<Entry, "seq"> {
  const last = Math.max(-Infinity, ...earlier.map((entry) => entry.device_ms));
  return {
    ...done,
    id: moment.fresh,
    form_id: formId,
    user,
    device_ms: Math.max(Math.trunc(moment.now_ms), last + 1),
    offset_ms: moment.server_ms === null ? null : moment.server_ms - moment.now_ms,
    state: "waiting",
    tries: 0,
    broke: 0,
    sent: null,
    frozen: null,
    check: false,
    not_before_ms: 0,
    knowing: earlier.some((entry) => entry.state === "refused"),
    fault: null,
    answer: null,
    former: [],
  };
}

/** Return the entry that says the same already: the same form, or the same move still on its way. */
export function standing(done: Done, formId: string, earlier: readonly Entry[]): Entry | undefined {
  const same = earlier.find((entry) => entry.form_id === formId);
  if (same || done.action === "step") return same;
  return earlier.find((entry) => entry.state === "waiting" && entry.action === done.action);
}

/** Return what goes over the wire; it never changes once it was sent. */
export function bodyOf(entry: Omit<Entry, "seq">): string {
  if (entry.frozen !== null) return entry.frozen;
  const device_time = new Date(entry.device_ms).toISOString();
  if (entry.action !== "step") return JSON.stringify({ device_time, ...(entry.reason ? { reason: entry.reason } : {}) });
  return JSON.stringify({
    step: entry.step,
    device_time,
    ...(entry.position ? { position: entry.position } : {}),
    readings: entry.readings,
    attachment_ids: entry.photos.flatMap((photo) => (photo.attachment_id && !photo.dropped ? [photo.attachment_id] : [])),
    ...(entry.note ? { note: entry.note } : {}),
    ...(entry.corrects ? { corrects: entry.corrects } : {}),
  });
}
