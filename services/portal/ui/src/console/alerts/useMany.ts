/** One act on many alerts: a few at a time, counted, and what was refused is told by name. */
import { useCallback, useState } from "react";
import type { Alert } from "../../api/types";
import { Problem, once } from "../../api/client";
import type { Key } from "../data/acts";
import { useFaultWords } from "../data/useAct";
import { useLive } from "../live/LiveProvider";
import { Tries } from "./tries";

const AT_ONCE = 6;

export interface Many {
  busy: boolean;
  done: number;
  refused: { alert: Alert; words: string }[];
  fault: string | null;
  /** Return whether all of them are done, now or before; `body` tells what is sent from what was sent before. */
  run: (alerts: readonly Alert[], body: string, act: (alert: Alert, key: Key) => Promise<Alert>) => Promise<boolean>;
}

export function useMany(): Many {
  const live = useLive();
  const words = useFaultWords();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(0);
  const [refused, setRefused] = useState<Many["refused"]>([]);
  const [tries] = useState(() => new Tries(once));
  const run = useCallback<Many["run"]>(
    async (alerts, body, act) => {
      const left = alerts.filter((alert) => !tries.isDone(alert.alert_id));
      tries.begin(body);
      const faults: Many["refused"] = [];
      setBusy(true);
      setDone(alerts.length - left.length);
      setRefused([]);
      const work = async (): Promise<void> => {
        for (let alert = left.shift(); alert; alert = left.shift()) {
          try {
            live.changed(await act(alert, tries.keyOf(alert.alert_id)));
            tries.done(alert.alert_id);
          } catch (error) {
            if (error instanceof Problem && error.status < 500) tries.refused(alert.alert_id);
            faults.push({ alert, words: words(error) });
          }
          setDone((count) => count + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      setRefused(faults);
      setBusy(false);
      return faults.length === 0;
    },
    [live, words, tries],
  );
  return { busy, done, refused, fault: null, run };
}
