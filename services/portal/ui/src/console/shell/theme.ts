/** Dark unless somebody chose light: at night nothing but what is abnormal should shine. */
import { useEffect } from "react";
import { Cell, useCell } from "../live/cell";

export type Theme = "light" | "dark";
const KEPT = "gaswatch.theme";
const chosen = new Cell<Theme>(localStorage.getItem(KEPT) === "light" ? "light" : "dark");

export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useCell(chosen);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    document.documentElement.style.colorScheme = theme;
  }, [theme]);
  return [
    theme,
    (next) => {
      localStorage.setItem(KEPT, next);
      chosen.set(next);
    },
  ];
}
