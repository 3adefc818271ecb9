/** Which orders are overdue, and by what: not accepted in time, or nobody there in time. */
import type { Order } from "../../api/types";

export type Late = "accept" | "arrive";

/** What is overdue of an order that is under way, with its deadline (RFC 3339). */
export function lateBy(order: Order, now: number): { what: Late; due: string }[] {
  const past = (due: string | null | undefined): due is string => Boolean(due) && Date.parse(due ?? "") < now;
  const found: { what: Late; due: string }[] = [];
  if (order.state === "assigned" && past(order.accept_by)) found.push({ what: "accept", due: order.accept_by });
  if (past(order.arrive_by)) found.push({ what: "arrive", due: order.arrive_by });
  return found;
}

/** Overdue orders, the most urgent first, then the longest overdue. The platform's own checks are nobody's work. */
export function overdue(orders: readonly Order[], now: number): Order[] {
  const due = (order: Order): number => Math.min(...lateBy(order, now).map((one) => Date.parse(one.due)));
  return orders
    .filter((order) => !order.reserved && lateBy(order, now).length > 0)
    .sort((one, other) => one.priority.localeCompare(other.priority) || due(one) - due(other));
}
