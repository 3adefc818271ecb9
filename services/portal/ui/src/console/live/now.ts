/** The present second: one timer for all ages on screen. */
import { Cell, useCell } from "./cell";

const second = new Cell(Date.now());
setInterval(() => second.set(Date.now()), 1_000);

export function useNow(): number {
  return useCell(second);
}
