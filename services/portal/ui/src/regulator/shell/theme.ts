/** Light, dark, or as the machine has it; kept in this browser, alike in all apps. */
import { useEffect, useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEPT = "gaswatch.theme";
const machine = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((one) => one === kept) ?? "system";
}

function subscribe(call: () => void): () => void {
  listeners.add(call);
  machine.addEventListener("change", call);
  return () => {
    listeners.delete(call);
    machine.removeEventListener("change", call);
  };
}

function isDark(): boolean {
  const theme = chosen();
  return theme === "dark" || (theme === "system" && machine.matches);
}

export function choose(theme: Theme): void {
  localStorage.setItem(KEPT, theme);
  for (const call of listeners) call();
}

/** The chosen theme, and whether it is dark now; the page's own colours follow `data-theme`. */
export function useTheme(): { theme: Theme; dark: boolean } {
  const theme = useSyncExternalStore(subscribe, chosen);
  const dark = useSyncExternalStore(subscribe, isDark);
  useEffect(() => {
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  }, [dark]);
  return { theme, dark };
}
