/** One act on many alerts: a few at a time, counted, and what was refused is told by name. */
import { useCallback, useRef, useState } from "react";
import type { Alert } from "../../api/types";
import { once } from "../../api/client";
import type { Key } from "../data/acts";
import { useFaultWords } from "../data/useAct";
import { useLive } from "../live/LiveProvider";

const AT_ONCE = 6;

export interface Many {
  busy: boolean;
  done: number;
  refused: { alert: Alert; words: string }[];
  fault: string | null;
  /** Return whether all of them were done. */
  run: (alerts: readonly Alert[], act: (alert: Alert, key: Key) => Promise<Alert>) => Promise<boolean>;
}

export function useMany(): Many {
  const live = useLive();
  const words = useFaultWords();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(0);
  const [refused, setRefused] = useState<Many["refused"]>([]);
  const keys = useRef(new Map<string, Key>());
  const run = useCallback<Many["run"]>(
    async (alerts, act) => {
      const left = [...alerts];
      const faults: Many["refused"] = [];
      setBusy(true);
      setDone(0);
      setRefused([]);
      const work = async (): Promise<void> => {
        for (let alert = left.shift(); alert; alert = left.shift()) {
          const key = keys.current.get(alert.alert_id) ?? once();
          keys.current.set(alert.alert_id, key);
          try {
            live.changed(await act(alert, key));
          } catch (error) {
            keys.current.delete(alert.alert_id);
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
    [live, words],
  );
  return { busy, done, refused, fault: null, run };
}
