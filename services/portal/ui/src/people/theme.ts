/** Until somebody is in and the app says its own theme, the gate looks as this browser was last used, else as the machine. */
export function showTheme(): void {
  const root = document.documentElement;
  if (root.dataset["theme"]) return;
  const kept = localStorage.getItem("gaswatch.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset["theme"] = dark ? "dark" : "light";
}
