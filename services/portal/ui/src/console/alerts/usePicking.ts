/** Which alerts are picked; with Shift from the last one picked to this one. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Row, isOpen } from "../live/rows";

export interface Picking {
  ids: ReadonlySet<string>;
  has: (id: string) => boolean;
  some: boolean;
  all: boolean;
  toggle: (id: string, range: boolean) => void;
  toggleAll: () => void;
  clear: () => void;
}
const NONE: ReadonlySet<string> = new Set();

export function usePicking(rows: readonly Row[], fits: (row: Row) => boolean): Picking {
  const [ids, setIds] = useState<ReadonlySet<string>>(NONE);
  const last = useRef<string | null>(null);
  const present = useRef(rows);
  present.current = rows;
  // What no longer belongs to this list, because it was shelved or is over, must not hold its rows in place.
  useEffect(() => {
    setIds((before) => {
      if (before.size === 0) return before;
      const kept = rows.filter((row) => before.has(row.id) && fits(row) && isOpen(row.alert)).map((row) => row.id);
      return kept.length === before.size ? before : new Set(kept);
    });
  }, [rows, fits]);
  const toggle = useCallback((id: string, range: boolean) => {
    setIds((before) => {
      const next = new Set(before);
      const order = present.current.map((row) => row.id);
      const from = last.current === null ? -1 : order.indexOf(last.current);
      const to = order.indexOf(id);
      if (range && from >= 0 && to >= 0) {
        for (const one of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
      } else if (!next.delete(id)) next.add(id);
      return next;
    });
    last.current = id;
  }, []);
  const toggleAll = useCallback(() => {
    setIds((before) => (before.size > 0 ? NONE : new Set(present.current.map((row) => row.id))));
  }, []);
  const clear = useCallback(() => setIds(NONE), []);
  return useMemo(
    () => ({ ids, has: (id: string) => ids.has(id), some: ids.size > 0, all: ids.size > 0 && ids.size >= rows.length, toggle, toggleAll, clear }),
    [ids, rows.length, toggle, toggleAll, clear],
  );
}
