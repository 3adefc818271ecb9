/** Which measured quantity an alert is about, and in which unit. */
import type { Alert, Bucket, Reading } from "../../api/types";

export const QUANTITIES = {
  lel_percent: "%LEL",
  ppm: "ppm",
  outlet_pressure_kpa: "kPa",
  inlet_pressure_kpa: "kPa",
  pressure_kpa: "kPa",
  flow_m3h: "m³/h",
  level_percent: "%",
  outlet_temperature_c: "°C",
  odorant_mg_m3: "mg/m³",
  total_m3: "m³",
} as const;
export type Quantity = keyof typeof QUANTITIES;

const BY_RULE: Partial<Record<Alert["rule"], Quantity>> = {
  G06: "ppm", P01: "outlet_pressure_kpa", P02: "outlet_pressure_kpa", P03: "outlet_pressure_kpa", P04: "outlet_pressure_kpa",
  L01: "pressure_kpa", L02: "level_percent", L03: "outlet_temperature_c", O01: "odorant_mg_m3",
};

/** Gas unless the rule is about something else: beside a valve or a silent detector the gas is what matters. */
export function quantityOf(alert: Alert): Quantity {
  return BY_RULE[alert.rule] ?? "lel_percent";
}

/** The units in which an alert's own limit can be drawn beside readings. */
const SAME: Partial<Record<Quantity, readonly string[]>> = {
  lel_percent: ["%LEL", "%{LEL}"], ppm: ["ppm", "[ppm]"], level_percent: ["%"], outlet_temperature_c: ["Cel"], odorant_mg_m3: ["mg/m3"],
  outlet_pressure_kpa: ["kPa"], pressure_kpa: ["kPa"],
};

export function isIn(quantity: Quantity, unit: string): boolean {
  return SAME[quantity]?.includes(unit) ?? false;
}

export interface Point {
  at: number;
  value: number;
  /** The greatest of a bucket: a peak must not drown in a mean. */
  max: number;
}

export function pointOf(one: Reading | Bucket, quantity: Quantity): Point | null {
  if ("count" in one) {
    const rolled = one[quantity];
    return rolled ? { at: Date.parse(one.time), value: rolled.avg, max: rolled.max } : null;
  }
  const value = quantity in one ? one[quantity as keyof Reading] : undefined;
  if (typeof value !== "number") return null;
  return { at: one.odd ? Date.parse(one.ingested_at) : (one.time_ms ?? Date.parse(one.ingested_at)), value, max: value };
}
