/** Single keys, as long as nobody is typing and no dialog is open. */
import { useEffect, useRef } from "react";

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

function busy(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  const typing = target?.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=combobox]");
  return Boolean(typing) || event.ctrlKey || event.metaKey || event.altKey;
}

export function useKeys(keys: Keys, off: boolean): void {
  const present = useRef(keys);
  present.current = keys;
  useEffect(() => {
    if (off) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (busy(event)) return;
      const act = present.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [off]);
}
