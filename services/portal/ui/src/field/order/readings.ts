/** What somebody typed as a reading → a reading, or what is wrong with it. */
import { day } from "../../look/time";
import { serverNow } from "../outbox/ask";
import type { Reading } from "../outbox/entry";
import type { Draft } from "../outbox/store";
import { LEL_STOP, LEL_WORK_MAX } from "./steps";

export interface Checked {
  readings: Reading[];
  /** Words of what must be mended before it can be sent. */
  faults: string[];
  /** Words of what should be known. */
  warnings: string[];
}

const PPM_MAX = 1_000_000;
const CALIBRATION_DAYS_MAX = 365;

function number(text: string, max: number): number | null | "bad" {
  const trimmed = text.trim().replace(",", ".");
  if (!trimmed) return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value >= 0 && value <= max ? value : "bad";
}

/** The date in the field's zone: the platform's where it is known, for a phone's clock may be a day off. */
export function today(): string {
  return day(serverNow() ?? Date.now());
}

/** Check a draft; `on` is the date in the field's zone. */
export function checked(draft: Draft, on: string): Checked {
  const faults: string[] = [];
  const warnings: string[] = [];
  const lel = number(draft.lel_percent, 100);
  const ppm = number(draft.ppm, PPM_MAX);
  const serial = draft.instrument_serial.trim();
  if (lel === "bad") faults.push("lelRange");
  if (ppm === "bad") faults.push("ppmRange");
  const measured = typeof lel === "number" || typeof ppm === "number";
  if (measured && !serial) faults.push("serialNeeded");
  if (measured && !draft.calibrated_on) faults.push("calibrationNeeded");
  if (draft.calibrated_on && draft.calibrated_on > on) faults.push("calibrationFuture");
  const days = (Date.parse(on) - Date.parse(draft.calibrated_on)) / 86_400_000;
  if (measured && days > CALIBRATION_DAYS_MAX) warnings.push("calibrationOld");
  if (typeof lel === "number" && lel > LEL_WORK_MAX) warnings.push(lel > LEL_STOP ? "lelStop" : "lelNoWork");
  if (draft.step === "below_20_lel" && typeof lel !== "number") faults.push("lelNeeded");
  if (draft.step === "below_20_lel" && typeof lel === "number" && lel > LEL_WORK_MAX) faults.push("lelAbove");
  const reading: Reading = {
    instrument_serial: serial,
    calibrated_on: draft.calibrated_on,
    ...(typeof lel === "number" ? { lel_percent: lel } : {}),
    ...(typeof ppm === "number" ? { ppm } : {}),
  };
  return { readings: measured ? [reading] : [], faults, warnings };
}
