/** When a live stream counts as silent. */

export const SILENCE_MS = 40_000; // a comment comes every 15 s: two were missed

/** Whether nothing came for too long; a try that has just begun is given as long as a stream that was heard. */
export function isSilent(now: number, heardAt: number, triedAt: number): boolean {
  return now - Math.max(heardAt, triedAt) > SILENCE_MS;
}
