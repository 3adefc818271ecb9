/** Which time a curve shows. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The last hour moves on in steps: each step draws the curve anew. */
const STEP_MS = 10_000;
const SPANS = { hour: { before: 20 * MINUTE_MS, whole: HOUR_MS }, day: { before: 4 * HOUR_MS, whole: 24 * HOUR_MS } } as const;
export type Span = keyof typeof SPANS | "last";

/** From before it began; the last hour moves with the clock. */
export function windowOf(span: Span, openedMs: number, now: number): [number, number] {
  if (span === "last") return [Math.floor((now - HOUR_MS) / STEP_MS) * STEP_MS, now];
  const { before, whole } = SPANS[span];
  return [openedMs - before, Math.min(now, openedMs - before + whole)];
}
