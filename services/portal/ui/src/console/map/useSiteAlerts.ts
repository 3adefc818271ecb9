/** The open alerts of each site, the most urgent first. */
import { useMemo } from "react";
import { useAlertVersion, useLive } from "../live/LiveProvider";
import { type Row, inOrder } from "../live/rows";

export function useSiteAlerts(): ReadonlyMap<string, Row[]> {
  const { alerts } = useLive();
  const version = useAlertVersion();
  return useMemo(() => {
    const found = new Map<string, Row[]>();
    for (const row of alerts.rows()) {
      if (row.alert.suppressed) continue;
      const known = found.get(row.alert.site_id);
      if (known) known.push(row);
      else found.set(row.alert.site_id, [row]);
    }
    for (const rows of found.values()) rows.sort(inOrder);
    return found;
    // `version` stands for what is in the store.
  }, [alerts, version]);
}

/** The worst priority of some rows. */
export function worstOf(rows: readonly Row[] | undefined): string | null {
  if (!rows || rows.length === 0) return null;
  return rows.reduce((worst, { alert }) => (alert.priority < worst ? alert.priority : worst), "P4" as string);
}
