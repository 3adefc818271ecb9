/** Follows alerts and orders for as long as somebody is signed in. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { type Connection, follow } from "../../api/live";
import type { Alert, Order } from "../../api/types";
import { readOpenAlerts } from "../data/read";
import { taken, tell } from "../orders/kinds";
import { useMe } from "../shell/me";
import { AlertStore } from "./AlertStore";
import { Cell, useCell } from "./cell";
import type { Reading } from "./known";
import { compareClocks } from "./now";
import { Ringer } from "./Ringer";

const COMPARE_MS = 300_000;

export interface Line {
  state: Connection;
  since: number;
}

export class Live {
  readonly alerts = new AlertStore();
  readonly line = new Cell<Line>({ state: "connecting", since: Date.now() });
  /** How the list itself was read; the stream only tells of changes. */
  readonly reading = new Cell<Reading>("reading");
  readonly ringer = new Ringer(this.alerts, this.line);
  private touched = new Set<string>();
  private round = 0;

  changed(alert: Alert): void {
    this.touched.add(alert.alert_id);
    this.alerts.take(alert);
  }

  /** Read all open alerts anew; what the stream tells meanwhile is newer and stays. */
  async readAll(): Promise<void> {
    const round = ++this.round;
    this.reading.set("reading");
    this.touched = new Set();
    const ids = new Set<string>();
    try {
      for await (const page of readOpenAlerts()) {
        if (round !== this.round) return;
        for (const alert of page) {
          ids.add(alert.alert_id);
          this.alerts.take(alert);
        }
      }
      this.alerts.keepOnly(ids, this.touched);
      this.reading.set("read");
    } catch {
      if (round !== this.round) return;
      this.reading.set("failed");
      setTimeout(() => round === this.round && void this.readAll(), 5_000);
    }
  }

  stop(): void {
    this.round += 1;
    this.ringer.stop();
  }
}

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }): ReactNode {
  const [live] = useState(() => new Live());
  const queries = useQueryClient();
  // A screen on the wall shows alerts, and is told of nothing else.
  const screen = useMe().screen !== null;
  useEffect(() => {
    live.ringer.start();
    const compare = (): void => void compareClocks().catch(() => undefined);
    compare();
    const comparing = setInterval(compare, COMPARE_MS);
    const leaveAlerts = follow<Alert>("alerts", "alert", {
      changed: (alert) => live.changed(alert),
      reset: () => void live.readAll(),
      connection: (state, since) => live.line.set({ state, since }),
    });
    void live.readAll();
    const leaveOrders = screen ? undefined : follow<Order>("orders", "order", {
      changed: (order) => {
        void queries.invalidateQueries({ queryKey: ["order", order.order_id] });
        tell(order);
        queries.setQueryData<Order[]>(["orders", "underway"], (known) => known && taken(known, order));
      },
      reset: () => {
        void queries.invalidateQueries({ queryKey: ["order"] });
        void queries.invalidateQueries({ queryKey: ["orders"] });
      },
      connection: () => undefined,
    });
    return () => {
      clearInterval(comparing);
      leaveAlerts();
      leaveOrders?.();
      live.stop();
    };
  }, [live, queries, screen]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("no live alerts here");
  return live;
}

/** Draw again when alerts changed; the number tells one state from the next. */
export function useAlertVersion(): number {
  const { alerts } = useLive();
  return useSyncExternalStore(alerts.subscribe, alerts.snapshot);
}

export function useLine(): Line {
  return useCell(useLive().line);
}
