/** Coverage of counties added up to the level that is looked at. */
import type { Coverage } from "../../api/types";
import { type Level, upTo } from "../areas";

export type Tally = Pick<Coverage, "group" | "obliged" | "covered" | "overdue" | "missing" | "residential">;

function empty(group: string): Tally {
  return { group, obliged: 0, covered: 0, overdue: 0, missing: {}, residential: { sites: 0, covered: 0 } };
}

function added(one: Tally, other: Tally): Tally {
  const missing = { ...one.missing };
  for (const [reason, count] of Object.entries(other.missing)) missing[reason] = (missing[reason] ?? 0) + count;
  return {
    group: one.group,
    obliged: one.obliged + other.obliged,
    covered: one.covered + other.covered,
    overdue: one.overdue + other.overdue,
    missing,
    residential: {
      sites: one.residential.sites + other.residential.sites,
      covered: one.residential.covered + other.residential.covered,
    },
  };
}

export function total(tallies: readonly Tally[]): Tally {
  return tallies.reduce(added, empty(""));
}

/** One row for each area of a level, in the order of the codes. */
export function rolledUp(counties: readonly Tally[], level: Level): Tally[] {
  const rows = new Map<string, Tally>();
  for (const county of counties) {
    const group = upTo(level, county.group);
    rows.set(group, added(rows.get(group) ?? empty(group), county));
  }
  return [...rows.values()].sort((one, other) => one.group.localeCompare(other.group));
}

/** How many lack an alarm, or a valve: those that have one out of order count, too. */
export function lacking(tally: Tally, kind: "detector" | "valve"): number {
  return Object.entries(tally.missing)
    .filter(([reason]) => reason.startsWith(`${kind}_`))
    .reduce((sum, [, count]) => sum + count, 0);
}

const FAULTS = ["missing", "not_installed", "retired", "blocked", "past_life", "test_failed"] as const;

/** What may be lacking: no device at all, or none that counts as working. */
export const LACKS = (["detector", "valve"] as const).flatMap((kind) => FAULTS.map((fault) => `${kind}_${fault}` as const));

/** In whole percent what should be reached: the law knows no other figure than all. */
export const TARGET = 100;

export function targetOf(text: string): number {
  const given = Number(text);
  return text !== "" && Number.isFinite(given) && given >= 0 && given <= 100 ? given : TARGET;
}

/** A target as the address of the view holds it: the law's own is not named. */
export function named(target: number): number | null {
  return target === TARGET ? null : target;
}

export function isBelow(tally: Tally, target: number): boolean {
  return tally.obliged > 0 && tally.covered * 100 < target * tally.obliged;
}
