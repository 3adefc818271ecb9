/** Light, dark, or as the phone has it. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEPT = "gaswatch.theme";

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return THEMES.find((one) => one === kept) ?? "system";
}

/** Show a theme; the style sheet reads it from the root element. */
export function show(theme: Theme): void {
  localStorage.setItem(KEPT, theme);
  const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", dark ? "#101418" : "#ffffff");
}

/** Follow the phone's own change while that is what somebody wants. */
export function followPhone(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(chosenTheme()));
}
