/** What is done to alerts with one key or click. A refusal is kept on screen until somebody has read it. */
import { useCallback, useMemo } from "react";
import type { Alert } from "../../api/types";
import * as acts from "../data/acts";
import { useFaultWords } from "../data/useAct";
import { Cell } from "../live/cell";
import { useLive } from "../live/LiveProvider";
import { dialog } from "./dialogs";

export const refusal = new Cell<string | null>(null);

export interface Deeds {
  /** One at once; of many, their note is asked for. */
  acknowledge: (alerts: readonly Alert[]) => void;
  silence: (alert: Alert) => void;
  unshelve: (alert: Alert) => void;
}

export function useDeeds(): Deeds {
  const live = useLive();
  const words = useFaultWords();
  const run = useCallback(
    (doing: Promise<Alert>) => {
      refusal.set(null);
      doing.then(
        (alert) => live.changed(alert),
        (error: unknown) => refusal.set(words(error)),
      );
    },
    [live, words],
  );
  return useMemo(
    () => ({
      acknowledge: (alerts) => {
        const [first] = alerts;
        if (alerts.length === 1 && first) run(acts.acknowledge(first.alert_id, ""));
        else if (alerts.length > 1) dialog.set({ kind: "acknowledge", alerts });
      },
      silence: (alert) => run(acts.silence(alert.alert_id)),
      unshelve: (alert) => run(acts.unshelve(alert.alert_id)),
    }),
    [run],
  );
}
