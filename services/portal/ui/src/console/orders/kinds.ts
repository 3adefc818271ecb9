/** Orders by what they are for, and by where they stand; a list of them that changes while it is read. */
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

const readings = new Set<Order[]>();

/** Let whoever is reading now hear what the stream tells. */
export function tell(order: Order): void {
  for (const told of readings) told.push(order);
}

/** Return what was read, as it is by what was told meanwhile: a list by states is many answers, each of another moment. */
export async function whileTold(read: () => Promise<Order[]>): Promise<Order[]> {
  const told: Order[] = [];
  readings.add(told);
  try {
    const newest = new Map<string, Order>();
    for (const order of [...(await read()), ...told]) {
      const known = newest.get(order.order_id);
      if (!known || known.revision <= order.revision) newest.set(order.order_id, order);
    }
    return [...newest.values()].filter(isUnderway);
  } finally {
    readings.delete(told);
  }
}
