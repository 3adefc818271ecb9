/** The outbox as a pure core: what stands in it and what happened → what it becomes, and what to do next.
 *
 * It must never lose, double or reorder a step of an order, whatever happens to the phone, the network, the
 * session or the clocks. What that rests on:
 *
 * - An entry is stored before anything else happens, and leaves the state `waiting` only by the server's word.
 * - Its id is the Idempotency-Key; the bytes sent under a key never change. So sending again, from a second tab
 *   or after a crash, does nothing twice for as long as the server remembers keys (24 h).
 * - What may have been sent longer ago than half of that, by the server's clock, is first looked for there.
 * - Per order the next entry goes only when the one before was answered. What the server refused stays, is shown,
 *   and holds back moves of that order, but no steps: those are taken in any state, by their own time.
 */
import type { Entry, Fault, Moment, Move, Photo, Reading } from "./entry";

export const KEY_TRUSTED_MS = 12 * 3_600_000;
export const BACK_OFF_MS_MAX = 300_000;
const BROKE_MAX = 5;
const KEEP_DONE_MS = 7 * 86_400_000;

/** The state an order is in after a move, and how far each state is. */
export const TARGET: Readonly<Record<Move, string>> = { accept: "accepted", depart: "en_route", arrive: "on_site", close: "closed" };
const RANK: Readonly<Record<string, number>> = { open: 0, assigned: 1, accepted: 2, en_route: 3, on_site: 4, closed: 5 };
/** The step that says the same as a move and is taken in any state of the order. */
const STEP_OF: Readonly<Record<Move, string>> = { accept: "accepted", depart: "en_route", arrive: "arrived", close: "closed" };

export type Todo =
  | { do: "nothing"; until_ms: number | null }
  | { do: "photo"; entry: Entry; photo: Photo }
  | { do: "check" | "send"; entry: Entry };

/** Return what to do next for `user`; `until_ms` is when something that waits may be tried again. */
export function next(entries: readonly Entry[], user: string, moment: Omit<Moment, "fresh">): Todo {
  const held = new Set<string>();
  const stuck = new Set<string>();
  let until: number | null = null;
  for (const entry of inOrder(entries)) {
    if (entry.user !== user || entry.state === "done" || entry.state === "aside") continue;
    if (entry.state === "refused") {
      if (isMove(entry)) stuck.add(entry.order_id);
      continue;
    }
    if (held.has(entry.order_id) || (isMove(entry) && !entry.knowing && stuck.has(entry.order_id))) continue;
    held.add(entry.order_id);
    const wait = entry.not_before_ms - moment.now_ms;
    // A longer wait than we ever ask for: the phone's clock was put back.
    if (wait <= 0 || wait > BACK_OFF_MS_MAX) return todoOf(entry, moment);
    until = Math.min(until ?? Infinity, entry.not_before_ms);
  }
  return { do: "nothing", until_ms: until };
}

function isMove(entry: Entry): entry is Entry & { action: Move } {
  return entry.action !== "step";
}

function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.seq - b.seq);
}

function todoOf(entry: Entry, moment: Omit<Moment, "fresh">): Todo {
  if (entry.check || isKeyOld(entry, moment)) return { do: "check", entry };
  const photo = entry.photos.find((one) => one.attachment_id === null && !one.dropped);
  return photo ? { do: "photo", entry, photo } : { do: "send", entry };
}

/** Return whether the server may have forgotten the key of what it may have got: by its clock, for the phone's may jump. */
function isKeyOld(entry: Entry, moment: Omit<Moment, "fresh">): boolean {
  if (entry.sent === null) return false;
  if (moment.server_ms === null || entry.sent.server_ms === null) return true;
  const age = moment.server_ms - entry.sent.server_ms;
  return age < 0 || age > KEY_TRUSTED_MS;
}

/** What came of doing it. `id` is the key it was done with. */
export type Happening =
  | { kind: "sending"; id: string; body: string }
  | { kind: "taken"; id: string }
  | { kind: "found" | "absent"; id: string }
  | { kind: "away" | "signed_out"; id: string }
  | { kind: "later"; id: string; status: number; retry_after_s: number | null }
  | { kind: "refused"; id: string; status: number; type: string; detail: string; state: string | null }
  | { kind: "photo_taken"; id: string; photo_id: string; attachment_id: string }
  | { kind: "photo_refused"; id: string; photo_id: string; status: number; type: string; detail: string };

/** Return the entry after something happened to it. What happened under another key is none of its business. */
export function after(entry: Entry, happening: Happening, moment: Moment): Entry {
  if (happening.id !== entry.id || entry.state !== "waiting") return entry;
  switch (happening.kind) {
    case "sending":
      return {
        ...entry,
        frozen: happening.body,
        tries: entry.tries + 1,
        sent: entry.sent ?? { server_ms: moment.server_ms },
      };
    case "taken":
    case "found":
      return {
        ...entry,
        state: "done",
        check: false,
        fault: null,
        answer: { device_ms: moment.now_ms, server_ms: moment.server_ms, how: happening.kind },
      };
    case "absent":
      return { ...entry, check: false, sent: null };
    case "away":
    case "signed_out":
      return entry;
    case "later":
      return later(entry, happening, moment);
    case "refused":
      return refused(entry, happening, moment);
    case "photo_taken":
      return { ...entry, photos: changed(entry.photos, happening.photo_id, { attachment_id: happening.attachment_id }) };
    case "photo_refused":
      return { ...entry, state: "refused", fault: faultOf(happening, moment, null, happening.photo_id) };
  }
}

function changed(photos: readonly Photo[], id: string, what: Partial<Photo>): Photo[] {
  return photos.map((photo) => (photo.photo_id === id ? { ...photo, ...what } : photo));
}

function faultOf(
  said: { status: number; type: string; detail: string },
  moment: Moment,
  state: string | null,
  photo_id: string | null = null,
): Fault {
  return { status: said.status, type: said.type, detail: said.detail, at_ms: moment.now_ms, state, photo_id };
}

/** The server cannot just now; what it breaks on again and again is shown, so that the rest goes on. */
function later(entry: Entry, said: { status: number; retry_after_s: number | null }, moment: Moment): Entry {
  const broke = entry.broke + (said.status === 500 ? 1 : 0);
  const fault = faultOf({ status: said.status, type: String(said.status), detail: "" }, moment, null);
  if (broke >= BROKE_MAX) return { ...entry, state: "refused", broke, fault };
  const wait = said.retry_after_s === null ? 2_000 * 2 ** Math.min(entry.tries, 7) : said.retry_after_s * 1_000;
  return { ...entry, broke, fault, not_before_ms: moment.now_ms + Math.min(Math.max(wait, 1_000), BACK_OFF_MS_MAX) };
}

function refused(entry: Entry, said: Extract<Happening, { kind: "refused" }>, moment: Moment): Entry {
  // The server knows the key with other bytes: it has something of ours. Look what, and go on under a new key.
  if (said.type === "idempotency-key-reused") {
    return { ...renewed(entry, moment, said.type), check: true, frozen: null };
  }
  // The order is there already, by a colleague's phone: what this one did keeps its own time as a step.
  if (isMove(entry) && said.type === "state-forbids" && isAt(said.state, TARGET[entry.action])) {
    return asStep(entry, moment, "already");
  }
  return { ...entry, state: "refused", fault: faultOf(said, moment, said.state) };
}

function isAt(state: string | null, target: string): boolean {
  return state !== null && (RANK[state] ?? -1) >= (RANK[target] ?? Infinity);
}

/** Return it under a new key; only what the server has refused, so did not do, may be renewed. */
function renewed(entry: Entry, moment: Moment, why: string): Entry {
  const former = { id: entry.id, action: entry.action, step: entry.step, at_ms: moment.now_ms, why };
  return { ...entry, id: moment.fresh, former: [...entry.former, former], state: "waiting", sent: null, not_before_ms: 0, broke: 0 };
}

function asStep(entry: Entry, moment: Moment, why: string): Entry {
  if (!isMove(entry)) return entry;
  return {
    ...renewed(entry, moment, why),
    action: "step",
    step: STEP_OF[entry.action],
    note: entry.note ?? entry.reason,
    frozen: null,
    fault: null,
  };
}

/** Return whether a server that broke on it may have it nevertheless; of a photo that broke, its step knows nothing. */
export function mayBeThere(entry: Entry): boolean {
  return entry.sent !== null && (entry.fault?.status ?? 0) >= 500;
}

/** How a person puts right what was refused. Its time stays: it was done when it was done. */
export type Mending =
  | { how: "again" | "as_step" | "aside" }
  | { how: "without_photo"; photo_id: string }
  | { how: "reason"; reason: string }
  | { how: "readings"; readings: Reading[]; note: string | null };

/** Return a refused entry as a person puts it right; nothing is ever taken out, `aside` can come back. */
export function mended(entry: Entry, mending: Mending, moment: Moment): Entry {
  if (entry.state !== "refused" && entry.state !== "aside") return entry;
  // A server that broke may have done it: the same may be sent again after a look, nothing else.
  const broken = mayBeThere(entry);
  if (broken && mending.how !== "again" && mending.how !== "aside") return entry;
  switch (mending.how) {
    case "again":
      return { ...entry, state: "waiting", not_before_ms: 0, broke: 0, check: entry.check || broken };
    case "aside":
      return { ...entry, state: "aside" };
    case "as_step":
      return asStep(entry, moment, "as_step");
    case "without_photo":
      return { ...renewed(entry, moment, "without_photo"), frozen: null, photos: changed(entry.photos, mending.photo_id, { dropped: true }) };
    case "reason":
      return { ...renewed(entry, moment, "reason"), frozen: null, reason: mending.reason };
    case "readings":
      return { ...renewed(entry, moment, "readings"), frozen: null, readings: mending.readings, note: mending.note };
  }
}

/** Return the state that an order will be in once what waits has gone. */
export function stateWith(state: string, orderId: string, entries: readonly Entry[]): string {
  let reached = state;
  let stuck = false;
  for (const entry of inOrder(entries)) {
    if (entry.order_id !== orderId || !isMove(entry)) continue;
    if (entry.state === "refused") stuck = true;
    if (entry.state !== "waiting" || (stuck && !entry.knowing)) continue;
    if ((RANK[TARGET[entry.action]] ?? 0) > (RANK[reached] ?? Infinity)) reached = TARGET[entry.action];
  }
  return reached;
}

export interface Tally {
  waiting: number;
  refused: number;
  aside: number;
  /** What other people left on this phone: it goes when they sign in again. */
  others: { user: string; count: number }[];
}

/** Return what is still to be sent. */
export function tally(entries: readonly Entry[], user: string): Tally {
  const mine = (state: string): number => entries.filter((entry) => entry.user === user && entry.state === state).length;
  const others = new Map<string, number>();
  for (const entry of entries) {
    if (entry.user !== user && (entry.state === "waiting" || entry.state === "refused")) {
      others.set(entry.user, (others.get(entry.user) ?? 0) + 1);
    }
  }
  return {
    waiting: mine("waiting"),
    refused: mine("refused"),
    aside: mine("aside"),
    others: [...others].map(([name, count]) => ({ user: name, count })),
  };
}

/** Return whether an entry may leave the phone: the server has it, for a week. */
export function mayForget(entry: Entry, now_ms: number): boolean {
  return entry.state === "done" && entry.answer !== null && now_ms - entry.answer.device_ms > KEEP_DONE_MS;
}

export type Meaning = "taken" | "signed_out" | "later" | "refused";

/** Return what a status of the API means for an entry. */
export function meaning(status: number, type: string): Meaning {
  if (status >= 200 && status < 300) return "taken";
  if (status === 401 || type.endsWith("-owed") || type === "another-person") return "signed_out";
  if (status >= 500 || status === 408 || status === 425 || status === 429 || status < 400) return "later";
  return "refused";
}
