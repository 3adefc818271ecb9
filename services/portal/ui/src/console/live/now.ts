/** The present second by the server's clock: one timer for all ages on screen, whatever this desk's clock says. */
import { Cell, useCell } from "./cell";

/** How far the server is ahead of this desk, ms. */
export const ahead = new Cell(0);
const second = new Cell(Date.now());
/** A header tells whole seconds: what is less says nothing. */
const TELLING_MS = 2_000;

export function serverNow(): number {
  return Date.now() + ahead.get();
}

setInterval(() => second.set(serverNow()), 1_000);

export function useNow(): number {
  return useCell(second);
}

/** Compare the clocks by the `Date` of an answer. */
export async function compareClocks(): Promise<void> {
  const sent = Date.now();
  const answer = await fetch("/api/v1/settings", { cache: "no-store" });
  const told = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isNaN(told)) return;
  const difference = told + 500 - (sent + Date.now()) / 2;
  ahead.set(Math.abs(difference) > TELLING_MS ? Math.round(difference) : 0);
  second.set(serverNow());
}
