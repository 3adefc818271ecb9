/** J K Enter X A S D M N / ? on the list; the cursor belongs to an alert, not to a place. */
import type { InputRef } from "antd";
import { type RefObject, useState } from "react";
import type { Alert } from "../../api/types";
import { useCell } from "../live/cell";
import type { Row } from "../live/rows";
import { dialog } from "./dialogs";
import type { Scrolling } from "./AlertTable";
import { useDeeds } from "./useDeeds";
import { useKeys } from "./useKeys";
import type { Picking } from "./usePicking";

interface Needs {
  rows: readonly Row[];
  picking: Picking;
  may: boolean;
  open: (id: string) => void;
  onKey: () => void;
  table: RefObject<Scrolling | null>;
  search: RefObject<InputRef | null>;
  refresh: () => void;
  help: () => void;
  off: boolean;
}

export function useListKeys({ rows, picking, may, open, onKey, table, search, refresh, help, off }: Needs): [string | null, (id: string) => void] {
  const [cursor, setCursor] = useState<string | null>(null);
  const deeds = useDeeds();
  const asked = useCell(dialog);
  const at = rows.findIndex((row) => row.id === cursor);
  const move = (by: number, range = false): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!next) return;
    onKey();
    if (range) for (const row of [rows[at], next]) if (row && !picking.has(row.id)) picking.toggle(row.id, false);
    setCursor(next.id);
    table.current?.to(next.id);
  };
  /** What a key is about: what is picked, else the one under the cursor. */
  const meant = (): Alert[] => {
    const picked = rows.filter((row) => picking.has(row.id));
    const here = rows[at];
    return (picked.length > 0 ? picked : here ? [here] : []).map((row) => row.alert);
  };
  const act = (doing: (alerts: Alert[]) => void) => (): void => {
    const alerts = meant();
    if (!may || alerts.length === 0) return;
    onKey();
    doing(alerts);
  };
  useKeys(
    {
      j: (event) => move(1, event.shiftKey),
      k: (event) => move(-1, event.shiftKey),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => rows[at] && open(rows[at].id),
      x: () => {
        onKey();
        if (cursor) picking.toggle(cursor, false);
      },
      a: act((alerts) => deeds.acknowledge(alerts.filter((alert) => !alert.acknowledged))),
      s: act((alerts) => dialog.set({ kind: "shelve", alerts })),
      d: act((alerts) => dialog.set({ kind: "dispatch", alerts })),
      m: act((alerts) => alerts.forEach((alert) => !alert.silenced && deeds.silence(alert))),
      n: refresh,
      "/": () => search.current?.focus(),
      "?": help,
      Escape: () => picking.clear(),
    },
    off || asked !== null,
  );
  return [cursor, setCursor];
}
