/** What is known of an order beyond the list: its history, its site, its alerts. */
import { useEffect } from "react";
import { api } from "../../api/client";
import type { Alert, Order, OrderDetail, Site } from "../../api/types";
import { useField } from "../field";
import { stateWith } from "../outbox/outbox";
import { isEnded } from "../orders/useOrders";
import { type Seeing, useSeen } from "../useSeen";

const ALERTS_MAX = 8;
const AHEAD_MAX = 5;

export async function loadDetail(orderId: string): Promise<OrderDetail> {
  const { data } = await api.GET("/api/v1/orders/{order_id}", { params: { path: { order_id: orderId } } });
  if (!data) throw new Error("empty");
  return data;
}

async function loadSite(siteId: string): Promise<Site> {
  const { data } = await api.GET("/api/v1/sites/{id_}", { params: { path: { id_: siteId } } });
  if (!data) throw new Error("empty");
  return data;
}

async function loadAlerts(ids: readonly string[]): Promise<Alert[]> {
  const found = await Promise.all(
    ids.slice(0, ALERTS_MAX).map((alert_id) => api.GET("/api/v1/alerts/{alert_id}", { params: { path: { alert_id } } })),
  );
  return found.flatMap(({ data }) => (data ? [data] : []));
}

export function useDetail(orderId: string): Seeing<OrderDetail> {
  const { store, me } = useField();
  return useSeen(store, `${me.username}|order|${orderId}`, () => loadDetail(orderId));
}

export function useSite(siteId: string | null): Seeing<Site> {
  const { store, me } = useField();
  return useSeen(store, siteId && `${me.username}|site|${siteId}`, () => loadSite(siteId ?? ""));
}

export function useAlerts(orderId: string, ids: readonly string[]): Seeing<Alert[]> {
  const { store, me } = useField();
  return useSeen(store, ids.length ? `${me.username}|alerts|${orderId}|${ids.length}` : null, () => loadAlerts(ids));
}

/** Read open orders ahead: in the cellar, where they are opened first, there is no network. */
export function useReadAhead(orders: readonly Order[] | null): void {
  const { store, me, entries } = useField();
  const open = (orders ?? []).filter((order) => !isEnded(stateWith(order.state, order.order_id, entries))).slice(0, AHEAD_MAX);
  const key = open.map((order) => `${order.order_id}/${order.revision}`).join();
  useEffect(() => {
    const keep = async (name: string, load: () => Promise<unknown>): Promise<void> => {
      await store.keepSeen(`${me.username}|${name}`, { value: await load(), at_ms: Date.now() });
    };
    for (const order of open) {
      const all = [
        keep(`order|${order.order_id}`, () => loadDetail(order.order_id)),
        keep(`site|${order.site_id}`, () => loadSite(order.site_id)),
        ...(order.alert_ids.length ? [keep(`alerts|${order.order_id}|${order.alert_ids.length}`, () => loadAlerts(order.alert_ids))] : []),
      ];
      for (const one of all) one.catch(() => undefined);
    }
    // The key names the orders and their revisions.
  }, [key, store, me.username]);
}
