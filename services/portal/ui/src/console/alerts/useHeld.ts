/** Whether the rows must stay where they are: the pointer is on them, keys are being used, some are picked, or the list is scrolled. */
import { useCallback, useEffect, useState } from "react";

const KEYS_HOLD_MS = 10_000;

export interface Holding {
  held: boolean;
  onHover: (over: boolean) => void;
  onScrolled: (away: boolean) => void;
  onKey: () => void;
  release: () => void;
}

export function useHeld(picked: boolean): Holding {
  const [over, setOver] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [keyAt, setKeyAt] = useState(0);
  useEffect(() => {
    if (keyAt === 0) return undefined;
    const timer = setTimeout(() => setKeyAt(0), KEYS_HOLD_MS);
    return () => clearTimeout(timer);
  }, [keyAt]);
  return {
    held: over || scrolled || picked || keyAt > 0,
    onHover: setOver,
    onScrolled: setScrolled,
    onKey: useCallback(() => setKeyAt(performance.now()), []),
    release: useCallback(() => setKeyAt(0), []),
  };
}
