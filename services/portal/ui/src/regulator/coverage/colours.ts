/** One hue, the stronger the worse; what reaches the target is as pale as the ground. */
import type { Tally } from "./rollup";
import { isBelow } from "./rollup";

/** From the share on, in percent; the last holds below all of them. */
export const STEPS = [85, 70, 50, 0] as const;
const LIGHT = ["#fbd5b0", "#f0984f", "#c9591a", "#8a3308"] as const;
const DARK = ["#5c4632", "#94602f", "#d07f36", "#ffb067"] as const;
const REACHED = { light: "#dbe7f3", dark: "#26405c" };
const NOBODY = { light: "#f1f2f4", dark: "#23282e" };

export function fill(tally: Tally | undefined, target: number, dark: boolean): string {
  const ground = dark ? "dark" : "light";
  if (!tally || tally.obliged === 0) return NOBODY[ground];
  if (!isBelow(tally, target)) return REACHED[ground];
  const share = (tally.covered / tally.obliged) * 100;
  const step = STEPS.findIndex((from) => share >= from);
  return (dark ? DARK : LIGHT)[step] ?? NOBODY[ground];
}

export function stroke(dark: boolean): { color: string; weight: number } {
  return { color: dark ? "#8d97a3" : "#5b6472", weight: 1 };
}

/** The legend's rows: colour, and from which share to which. */
export function steps(target: number, dark: boolean): { colour: string; from: number; to: number }[] {
  const colours = dark ? DARK : LIGHT;
  return STEPS.flatMap((from, index) => {
    const to = Math.min(target, index === 0 ? target : (STEPS[index - 1] ?? target));
    return from < to ? [{ colour: colours[index] ?? "", from, to }] : [];
  });
}

export function plain(dark: boolean): { reached: string; nobody: string } {
  const ground = dark ? "dark" : "light";
  return { reached: REACHED[ground], nobody: NOBODY[ground] };
}
