/** The rows of the list. While they are held, none of them moves: what is new waits, and is counted. */
import { useMemo, useRef, useState } from "react";
import { useAlertVersion, useLive } from "../live/LiveProvider";
import { type Row, inOrder } from "../live/rows";

export interface Rows {
  rows: Row[];
  /** New alerts that the list does not show yet, the most urgent first. */
  waiting: Row[];
  /** Bring in what waits, in order. */
  refresh: () => void;
}

interface Kept {
  fits: ((row: Row) => boolean) | null;
  round: number;
  ids: string[];
}

export function useRows(fits: (row: Row) => boolean, held: boolean): Rows {
  const { alerts } = useLive();
  const version = useAlertVersion();
  const [round, setRound] = useState(0);
  const kept = useRef<Kept>({ fits: null, round: 0, ids: [] });
  const made = useMemo(() => {
    const before = kept.current;
    // Another filter is another list: it may be put in order even under the cursor.
    if (held && before.fits === fits && before.round === round) {
      const ids = new Set(before.ids);
      const rows = before.ids.map((id) => alerts.row(id)).filter((row) => row !== undefined);
      const waiting = [...alerts.rows()].filter((row) => !ids.has(row.id) && fits(row)).sort(inOrder);
      return { rows, waiting };
    }
    const rows = [...alerts.rows()].filter(fits).sort(inOrder);
    kept.current = { fits, round, ids: rows.map((row) => row.id) };
    return { rows, waiting: [] };
    // `version` stands for what is in the store.
  }, [alerts, version, fits, held, round]);
  return { ...made, refresh: () => setRound((value) => value + 1) };
}

export interface Counts {
  open: number;
  unacknowledged: number;
  shelved: number;
  /** Unacknowledged, by priority. */
  by: Record<string, number>;
}

export function useCounts(): Counts {
  const { alerts } = useLive();
  const version = useAlertVersion();
  return useMemo(() => {
    const counts: Counts = { open: 0, unacknowledged: 0, shelved: 0, by: {} };
    for (const { alert } of alerts.rows()) {
      if (alert.suppressed) counts.shelved += 1;
      else {
        counts.open += 1;
        if (!alert.acknowledged) {
          counts.unacknowledged += 1;
          counts.by[alert.priority] = (counts.by[alert.priority] ?? 0) + 1;
        }
      }
    }
    return counts;
  }, [alerts, version]);
}
