/** Why somebody is on the list: kept apart, because the law answers each otherwise (DOMAIN section 6). */
import type { Unlicensed } from "../../api/types";

export type Reason = Unlicensed["reason"];

export const REASONS = [
  "never_licensed", "expired", "out_of_class", "out_of_area", "borrowed", "withdrawn",
  "annulled", "revoked", "suspended", "deregistered", "no_planning_approval",
] as const satisfies readonly Reason[];

/** The ground a reason stands on; its articles and fines are words of the catalogue (`basis`). */
export type Basis = "unlicensed" | "outside" | "lending" | "suspended" | "planning";

const BASES: Record<Reason, Basis> = {
  never_licensed: "unlicensed",
  expired: "unlicensed",
  withdrawn: "unlicensed",
  annulled: "unlicensed",
  revoked: "unlicensed",
  deregistered: "unlicensed",
  out_of_class: "outside",
  out_of_area: "outside",
  borrowed: "lending",
  suspended: "suspended",
  no_planning_approval: "planning",
};

export function basisOf(reason: Reason): Basis {
  return BASES[reason];
}

/** Grounds that nobody has compared with the text of the law yet: said where they are shown. */
export const UNVERIFIED: ReadonlySet<Basis> = new Set<Basis>(["lending", "suspended", "planning"]);

/** `op-x.expired`: no operator's id holds a dot. */
export function parted(id: string): { operatorId: string; reason: Reason } | null {
  const dot = id.lastIndexOf(".");
  const reason = REASONS.find((one) => one === id.slice(dot + 1));
  return dot > 0 && reason ? { operatorId: id.slice(0, dot), reason } : null;
}
