/** UCUM codes of the wire as people write them; what is counted rather than measured has words. */
import type { TFunction } from "i18next";

const WRITTEN: Readonly<Record<string, string>> = {
  "%{LEL}": "%LEL", "%{LEL}/min": "%LEL/min", "[ppm]": "ppm", Cel: "°C", "m3/h": "m³/h", "mg/m3": "mg/m³",
};

export function unitWords(t: TFunction, unit: string): string {
  return t(`unit.${unit}`, { defaultValue: WRITTEN[unit] ?? unit });
}
