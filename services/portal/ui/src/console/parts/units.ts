/** UCUM codes of the wire as people write them. */
const WRITTEN: Readonly<Record<string, string>> = { "%{LEL}": "%LEL", "[ppm]": "ppm", Cel: "°C", "m3/h": "m³/h", "mg/m3": "mg/m³", "%{LEL}/min": "%LEL/min" };

export function unitWords(unit: string): string {
  return WRITTEN[unit] ?? unit;
}
