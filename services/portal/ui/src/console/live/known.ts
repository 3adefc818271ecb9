/** What an empty list may be said to mean: nothing, or that nobody knows. */
import type { Connection } from "../../api/live";

export type Reading = "reading" | "read" | "failed";

/** Return what to say where no alert is shown; "none" only when all were read and the line is live. */
export function emptyMeans(line: Connection, reading: Reading): "none" | "unknown" | "reading" | "notRead" {
  if (line !== "live") return "unknown";
  return reading === "read" ? "none" : reading === "failed" ? "notRead" : "reading";
}

/** Return a count as it is told: what was counted stays told, but a zero is one only when all were read. */
export function countSaid(count: number, reading: Reading): string {
  return count === 0 && reading !== "read" ? "–" : String(count);
}
