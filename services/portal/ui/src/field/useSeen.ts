/** Data of the API: what was seen last at once, with its age; then what is there now. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Store } from "./outbox/store";
import { Answers, type How } from "./told";

export interface SeenState<T> {
  value: T | null;
  /** The phone's time at which it was seen. */
  at_ms: number | null;
  /** `stale`: could not be read anew; `failed`: that, and nothing is known from before. */
  state: "loading" | "fresh" | "stale" | "failed";
  fault: unknown;
}

export interface Seeing<T> extends SeenState<T> {
  reload(): void;
  /** Show what came in another way, and keep it. */
  put(how: How<T>): void;
}

/** Told when something of an order arrived at the server, so that what is shown of it is behind. */
export const behind = new EventTarget();

/** Keep `load`'s result under `key`, which names the person, too; nothing is loaded while `key` is null. */
export function useSeen<T>(store: Store, key: string | null, load: () => Promise<T>): Seeing<T> {
  const [seen, setSeen] = useState<SeenState<T>>({ value: null, at_ms: null, state: "loading", fault: null });
  const loader = useRef(load);
  loader.current = load;
  const answers = useRef<Answers<T>>(null);
  answers.current ??= new Answers<T>();
  const asked = answers.current;

  const reload = useCallback(() => {
    if (key === null) return;
    const mine = asked.begin();
    loader.current().then(
      (answer) => {
        if (!asked.isCurrent(mine)) return;
        const value = asked.end(answer);
        const at_ms = Date.now();
        setSeen({ value, at_ms, state: "fresh", fault: null });
        void store.keepSeen(key, { value, at_ms });
      },
      (fault: unknown) => {
        if (asked.isCurrent(mine)) setSeen((was) => ({ ...was, state: was.value === null ? "failed" : "stale", fault }));
      },
    );
  }, [key, store, asked]);

  useEffect(() => {
    if (key === null) return undefined;
    let gone = false;
    setSeen({ value: null, at_ms: null, state: "loading", fault: null });
    void store.seen<T>(key).then((kept) => {
      if (gone) return;
      if (kept) setSeen((was) => (was.value === null ? { value: kept.value, at_ms: kept.at_ms, state: was.state === "failed" ? "stale" : was.state, fault: was.fault } : was));
    });
    reload();
    const wake = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    window.addEventListener("online", wake);
    window.addEventListener("focus", wake);
    behind.addEventListener("order", wake);
    return () => {
      gone = true;
      asked.begin();
      window.removeEventListener("online", wake);
      window.removeEventListener("focus", wake);
      behind.removeEventListener("order", wake);
    };
  }, [key, store, reload, asked]);

  const put = useCallback(
    (how: How<T>) => {
      asked.tell(how);
      setSeen((was) => {
        const value = how(was.value);
        if (value === null || value === was.value) return was;
        const at_ms = Date.now();
        if (key !== null) void store.keepSeen(key, { value, at_ms });
        return { ...was, value, at_ms, state: was.state === "failed" ? "stale" : was.state };
      });
    },
    [key, store, asked],
  );
  return { ...seen, reload, put };
}
