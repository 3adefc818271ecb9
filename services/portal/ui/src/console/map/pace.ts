/** New alerts must not draw the map hundreds of times a second, and must not keep it from being drawn. */
const DRAW_MS = 1_000;

/** Return how long to wait with a drawing; `drawnAt` is null when nothing is drawn yet. */
export function waitToDraw(now: number, drawnAt: number | null): number {
  return drawnAt === null ? 0 : Math.max(0, DRAW_MS - (now - drawnAt));
}
