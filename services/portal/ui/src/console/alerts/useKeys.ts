/** Single keys, as long as nobody is typing and no dialog is open. */
import { useEffect, useRef } from "react";
import { popups } from "../../look/popups";

/** What a key does; `false` when there was nothing to do, and the key is the page's own again. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=combobox]";
// What has its own use for Enter and the arrows; a place that is only scrolled to (-1) has none.
const WORKED = 'a[href], button, summary, [role=button], [role=link], [role=tab], [role=menuitem], [role=option], [tabindex]:not([tabindex="-1"])';

function busy(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest(TYPED)) return true;
  return (event.key === "Enter" || event.key.startsWith("Arrow")) && Boolean(target?.closest(WORKED));
}

/** Help, sound test, forms … open in one place; the detail of an alert stands beside the list and is none of them. */
function behindDialog(): boolean {
  return [...popups().querySelectorAll("[role=dialog]")].some((one) => one.getClientRects().length > 0);
}

export function useKeys(keys: Keys, off: boolean): void {
  const present = useRef(keys);
  present.current = keys;
  useEffect(() => {
    if (off) return undefined;
    const press = (event: KeyboardEvent): void => {
      const act = present.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act || busy(event) || behindDialog()) return;
      if (act(event) !== false) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [off]);
}
