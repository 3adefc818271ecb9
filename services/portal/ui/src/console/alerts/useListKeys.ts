/** J K Enter X A S D M N / ? on the list; the cursor belongs to an alert, not to a place: to the one that is read, if any is. */
import type { InputRef } from "antd";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useCell } from "../live/cell";
import { useLive } from "../live/LiveProvider";
import { type Row, isOpen } from "../live/rows";
import { dialog } from "./dialogs";
import type { Scrolling } from "./AlertTable";
import { type Meant, meantBy } from "./meant";
import { useDeeds } from "./useDeeds";
import { useKeys } from "./useKeys";
import type { Picking } from "./usePicking";

interface Needs {
  rows: readonly Row[];
  picking: Picking;
  may: boolean;
  /** The alert whose detail is open beside the list. */
  shown: string | null;
  open: (id: string, replace?: boolean) => void;
  onKey: () => void;
  table: RefObject<Scrolling | null>;
  search: RefObject<InputRef | null>;
  refresh: () => void;
  help: () => void;
  off: boolean;
}

/** Return which alert the cursor is on. */
export function useListKeys({ rows, picking, may, shown, open, onKey, table, search, refresh, help, off }: Needs): string | null {
  const { alerts: known } = useLive();
  const [last, setLast] = useState<string | null>(null);
  if (shown !== null && shown !== last) setLast(shown);
  const cursor = shown ?? last;
  // The address follows a key a moment later: the next key goes on from where this one is going.
  const going = useRef(cursor);
  useEffect(() => {
    going.current = cursor;
  }, [cursor, shown]);
  const deeds = useDeeds();
  const asked = useCell(dialog);
  const at = rows.findIndex((row) => row.id === cursor);
  const move = (by: number, range = false): boolean => {
    const from = rows.findIndex((row) => row.id === going.current);
    const next = rows[Math.min(rows.length - 1, Math.max(0, from < 0 ? 0 : from + by))];
    if (!next) return false;
    onKey();
    if (range) for (const row of [rows[from], next]) if (row && !picking.has(row.id)) picking.toggle(row.id, false);
    going.current = next.id;
    if (shown === null) setLast(next.id);
    else open(next.id, true);
    table.current?.to(next.id);
    return true;
  };
  /** What is read may have left the list, and can still be dealt with as long as it is open. */
  const here = (): Row | undefined => {
    const read = shown === null ? undefined : known.row(shown);
    return rows[at] ?? (read && isOpen(read.alert) ? read : undefined);
  };
  const act = (doing: (meant: Meant) => void) => (): boolean => {
    const meant = meantBy(rows, picking.ids, shown, here());
    if (!may || meant.alerts.length === 0) return false;
    onKey();
    doing(meant);
    return true;
  };
  /** One at once, if it is looked at; else its dialog asks. */
  const orAsk = (kind: "acknowledge" | "silence", { alerts, ask }: Meant): void => {
    const [first] = alerts;
    if (!first) return;
    if (ask) dialog.set({ kind, alerts });
    else if (kind === "silence") deeds.silence(first);
    else deeds.acknowledge([first]);
  };
  useKeys(
    {
      j: (event) => move(1, event.shiftKey),
      k: (event) => move(-1, event.shiftKey),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => {
        const row = rows[at];
        if (!row || row.id === shown) return false;
        open(row.id);
        return true;
      },
      x: () => {
        const row = rows[at];
        if (!row) return false;
        onKey();
        picking.toggle(row.id, false);
        return true;
      },
      a: act(({ alerts, ask }) => orAsk("acknowledge", { ask, alerts: alerts.filter((alert) => !alert.acknowledged) })),
      s: act(({ alerts }) => dialog.set({ kind: "shelve", alerts })),
      d: act(({ alerts }) => dialog.set({ kind: "dispatch", alerts })),
      m: act(({ alerts, ask }) => orAsk("silence", { ask, alerts: alerts.filter((alert) => isOpen(alert) && !alert.silenced) })),
      n: refresh,
      "/": () => search.current?.focus(),
      "?": help,
      Escape: () => {
        picking.clear();
        return picking.some;
      },
    },
    off || asked !== null,
  );
  return cursor;
}
