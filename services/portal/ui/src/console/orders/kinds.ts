/** Orders by what they are for, and by where they stand. */
import type { Order } from "../../api/types";

export const KINDS = ["response", "repair", "inspection"] as const;
/** From nobody yet to the crew on site. */
export const UNDERWAY = ["open", "assigned", "accepted", "en_route", "on_site"] as const;
export const ENDED = ["closed", "cancelled"] as const;

export const isUnderway = (order: Order): boolean => (UNDERWAY as readonly string[]).includes(order.state);

/** Put what the stream tells into a list that was read; an older word than the list's own changes nothing. */
export function taken(orders: readonly Order[], told: Order): Order[] {
  const known = orders.find((one) => one.order_id === told.order_id);
  if (known && known.revision > told.revision) return [...orders];
  const others = orders.filter((one) => one.order_id !== told.order_id);
  return isUnderway(told) ? [told, ...others] : others;
}
