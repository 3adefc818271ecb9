/** By what an overdue order is late; that it is overdue the API says. */
import type { Order } from "../api/types";

export const LATE = ["accept", "arrive", "nobody"] as const;
export type Late = (typeof LATE)[number];

export interface Lateness {
  what: Late;
  /** The deadline; where nobody was found, since when the order waits (RFC 3339). */
  since: string;
}

/** What an overdue order waits for: a crew's yes, its arrival, or any crew at all. */
export function lateBy(order: Order, now: number): Lateness[] {
  const found: Lateness[] = [];
  const past = (due: string | null): due is string => due !== null && Date.parse(due) <= now;
  if (order.state === "assigned" && past(order.accept_by)) found.push({ what: "accept", since: order.accept_by });
  if (past(order.arrive_by)) found.push({ what: "arrive", since: order.arrive_by });
  return found.length > 0 ? found : [{ what: "nobody", since: order.opened_at }];
}

/** Whether something should have happened by now; the API judges the same for its own list of what is overdue. */
export function isLate(order: Order, now: number): boolean {
  const past = (due: string | null): boolean => due !== null && Date.parse(due) <= now;
  return (order.state === "assigned" && past(order.accept_by)) || (order.arrived_at === null && past(order.arrive_by));
}

/** The most urgent first, then the longest late. */
export function byUrgency(orders: readonly Order[], now: number): Order[] {
  const since = (order: Order): number => Math.min(...lateBy(order, now).map((one) => Date.parse(one.since)));
  return [...orders].sort((one, other) => one.priority.localeCompare(other.priority) || since(one) - since(other));
}
