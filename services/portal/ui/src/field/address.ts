/** Where in the app somebody is: it stands in the address, so that a notification or a reload leads back there. */
import { useMemo, useSyncExternalStore } from "react";

export type View = "orders" | "outbox" | "me" | "help";

export interface Place {
  view: View;
  order: string | null;
  step: string | null;
  /** The device time of the step that is being corrected. */
  corrects: string | null;
}

const VIEWS: readonly View[] = ["orders", "outbox", "me", "help"];
const MOVED = "gaswatch:moved";

function listen(call: () => void): () => void {
  window.addEventListener("popstate", call);
  window.addEventListener(MOVED, call);
  return () => {
    window.removeEventListener("popstate", call);
    window.removeEventListener(MOVED, call);
  };
}

export function hrefOf(to: Partial<Place>): string {
  const query = new URLSearchParams();
  if (to.view && to.view !== "orders") query.set("view", to.view);
  for (const name of ["order", "step", "corrects"] as const) {
    const value = to[name];
    if (value) query.set(name, value);
  }
  const text = query.toString();
  return `/field/${text ? `?${text}` : ""}`;
}

export function go(to: Partial<Place>, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", hrefOf(to));
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo(0, 0);
}

export function usePlace(): Place {
  const search = useSyncExternalStore(listen, () => location.search);
  return useMemo(() => {
    const query = new URLSearchParams(search);
    const view = VIEWS.find((one) => one === query.get("view")) ?? "orders";
    return { view, order: query.get("order"), step: query.get("step"), corrects: query.get("corrects") };
  }, [search]);
}
