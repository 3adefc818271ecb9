/** The areas of GB/T 2260 that the registry knows, as a tree; names stand in the catalogue under `areaName`. */
import { useTranslation } from "react-i18next";

const PROVINCE = "530000";
const CODES = [
  PROVINCE,
  "530100", "530300", "530400", "530500", "530600", "530700", "530800", "530900",
  "532300", "532500", "532600", "532800", "532900", "533100", "533300", "533400",
  "530302", "530303", "530304", "530322", "530323", "530324", "530325", "530326", "530381",
  "530602", "530621", "530622", "530623", "530624", "530625", "530626", "530627", "530628", "530629", "530681",
] as const;

export type Level = "province" | "prefecture" | "county";

export function levelOf(code: string): Level {
  if (code.endsWith("0000")) return "province";
  return code.endsWith("00") ? "prefecture" : "county";
}

/** What all codes within an area begin with: 530000 → 53, 530600 → 5306. */
export function stem(code: string): string {
  return { province: code.slice(0, 2), prefecture: code.slice(0, 4), county: code }[levelOf(code)];
}

export function covers(area: string, code: string): boolean {
  return code.startsWith(stem(area));
}

/** The area one level up; a province has none. */
export function above(code: string): string | null {
  const level = levelOf(code);
  if (level === "province") return null;
  return level === "county" ? `${code.slice(0, 4)}00` : `${code.slice(0, 2)}0000`;
}

/** The areas one level below. */
export function below(code: string): string[] {
  return CODES.filter((one) => above(one) === code);
}

/** The area of `codes`' level that a county lies in: what a table of that level adds it to. */
export function upTo(level: Level, code: string): string {
  if (level === "county") return code;
  return level === "prefecture" ? `${code.slice(0, 4)}00` : `${code.slice(0, 2)}0000`;
}

/** From the root that somebody sees down to `code`, both included. */
export function pathTo(root: string, code: string): string[] {
  const path = [code];
  for (let next = code; next !== root; ) {
    const up = above(next);
    if (up === null) break;
    path.unshift(up);
    next = up;
  }
  return path;
}

/** Somebody without an area (there should be none here) sees what the registry shows of all that it knows. */
export function rootOf(areaCode: string | null): string {
  return areaCode ? areaCode.padEnd(6, "0") : PROVINCE;
}

/** How an area is called; one that the catalogue lacks stands as its code. */
export function useAreaName(): (code: string) => string {
  const { t } = useTranslation();
  return (code) => t(`areaName.${code}`, { defaultValue: code });
}
