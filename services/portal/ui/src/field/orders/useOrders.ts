/** The crew's orders: as seen last, as they are, and live. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../api/client";
import { type Connection, follow } from "../../api/live";
import type { Order } from "../../api/types";
import type { Me } from "../../people/session";
import type { Store } from "../outbox/store";
import { merged } from "../told";
import { type SeenState, useSeen } from "../useSeen";

export interface Orders extends SeenState<Order[]> {
  connection: Connection;
  /** When the live stream was last heard. */
  heard_ms: number;
  /** Orders that another crew has now; said until somebody has read it. */
  taken: Order[];
  readTaken(orderId: string): void;
  merge(order: Order): void;
  reload(): void;
}

const ORDERS_MAX = 100;
const ENDED = new Set(["closed", "cancelled"]);
const AT_WORK = new Set(["accepted", "en_route", "on_site"]);

export function isEnded(state: string): boolean {
  return ENDED.has(state);
}

/** The one being worked on first, then what was assigned, then the rest; the newest first in each. */
export function sorted(orders: readonly Order[], stateOf: (order: Order) => string): Order[] {
  const rank = (order: Order): number => {
    const state = stateOf(order);
    if (AT_WORK.has(state)) return 0;
    return ENDED.has(state) ? 2 : 1;
  };
  return [...orders].sort((a, b) => rank(a) - rank(b) || b.opened_at.localeCompare(a.opened_at));
}

async function load(): Promise<Order[]> {
  const { data } = await api.GET("/api/v1/orders", { params: { query: { limit: ORDERS_MAX } } });
  return data?.items ?? [];
}

export function useOrders(store: Store, me: Me): Orders {
  const seen = useSeen<Order[]>(store, `${me.username}|orders`, load);
  const { put, reload } = seen;
  const [connection, setConnection] = useState<{ state: Connection; heard_ms: number }>({ state: "connecting", heard_ms: Date.now() });
  const [taken, setTaken] = useState<Order[]>([]);
  const known = useRef<Order[]>([]);
  known.current = seen.value ?? [];

  const merge = useCallback(
    (order: Order) => {
      const was = known.current.find((one) => one.order_id === order.order_id);
      if (was && was.revision > order.revision) return;
      const isGone = order.crew_id !== me.crew_id;
      setTaken((all) => {
        const others = all.filter((one) => one.order_id !== order.order_id);
        if (!isGone) return others;
        return was && !ENDED.has(was.state) ? [...others, order] : all;
      });
      put((all) => merged(all, order, me.crew_id));
    },
    [me.crew_id, put],
  );

  useEffect(
    () =>
      follow<Order>("orders", "order", {
        changed: merge,
        reset: reload,
        connection: (state, heard_ms) => {
          setConnection({ state, heard_ms });
          // A list that failed is read again.
          if (state === "live") reload();
        },
      }),
    [merge, reload],
  );

  const readTaken = useCallback((id: string) => setTaken((all) => all.filter((one) => one.order_id !== id)), []);
  const { value, at_ms, state, fault } = seen;
  return useMemo(
    () => ({ value, at_ms, state, fault, reload, merge, taken, readTaken, connection: connection.state, heard_ms: connection.heard_ms }),
    [value, at_ms, state, fault, reload, merge, taken, readTaken, connection],
  );
}
