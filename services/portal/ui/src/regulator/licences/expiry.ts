/** How long a licence lasts from a day on, and which of them end soon. */
import type { Licence } from "../../api/types";

/** Days, as the API knows them; each holds the one before. */
export const WITHIN = ["30", "60", "90"] as const;
export const LONGEST = "90";

export const LICENCE_STATES = [
  "applied", "valid", "renewal_pending", "expired", "suspended", "withdrawn", "annulled", "revoked", "deregistered",
] as const satisfies readonly Licence["state"][];

export const LICENCE_CLASSES = ["pipeline", "bottled", "vehicle", "other"] as const satisfies readonly Licence["class"][];

const DAY_MS = 86_400_000;

/** Days from `day` until the last day that a licence is valid; negative after it. */
export function daysLeft(validTo: string, day: string): number {
  return Math.round((Date.parse(`${validTo}T00:00:00Z`) - Date.parse(`${day}T00:00:00Z`)) / DAY_MS);
}

/** How many of those that end within `LONGEST` end within fewer days. */
export function endingWithin(licences: readonly Licence[], day: string, days: string): number {
  return licences.filter((one) => daysLeft(one.valid_to, day) <= Number(days)).length;
}
