/** The rules that raise alerts, as far as the API names them. */
import type { Alert } from "../../api/types";

export const RULES: readonly Alert["rule"][] = [
  "G01", "G02", "G03", "G04", "G05", "G06", "V01", "V02", "V03", "D01", "D02", "D03", "D08",
  "P01", "P02", "P03", "P04", "L01", "L02", "L03", "O01", "S01", "S02",
];
