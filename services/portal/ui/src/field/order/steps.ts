/** The steps of an order's work (DOMAIN section 5) and which one comes next. */
import type { Move } from "../outbox/entry";

const RESPONSE = [
  "cordoned", "source_isolated", "evacuated", "ventilated", "below_20_lel", "located", "repaired", "pressure_held",
  "surroundings_checked", "supply_restored", "departed",
] as const;
const REPAIR = ["below_20_lel", "located", "repaired", "surroundings_checked", "departed"] as const;
const INSPECTION = ["surroundings_checked", "departed"] as const;

/** All steps that a crew may report on site, in the order in which they are done as a rule. */
export const WORK_STEPS: readonly string[] = RESPONSE;

/** What may be reported late or corrected: those, and the moves as steps. */
export const CORRECTABLE: ReadonlySet<string> = new Set([...RESPONSE, "accepted", "en_route", "arrived"]);

export function stepsOf(kind: string): readonly string[] {
  if (kind === "repair") return REPAIR;
  return kind === "inspection" ? INSPECTION : RESPONSE;
}

export type Next = { what: "move"; move: Move } | { what: "step"; step: string } | { what: "lead_closes" } | null;

const MOVES: Readonly<Record<string, Move>> = { assigned: "accept", accepted: "depart", en_route: "arrive" };

/** Return what the large button does. Who is no lead does everything but close. */
export function nextOf(state: string, kind: string, reported: ReadonlySet<string>, isLead: boolean): Next {
  const move = MOVES[state];
  if (move) return { what: "move", move };
  if (state !== "on_site") return null;
  const step = stepsOf(kind).find((one) => !reported.has(one));
  if (step) return { what: "step", step };
  return isLead ? { what: "move", move: "close" } : { what: "lead_closes" };
}

/** Work is allowed up to here, and stopped above there (DOMAIN section 5). */
export const LEL_WORK_MAX = 20;
export const LEL_STOP = 50;
