/** The name of an area where the catalogue knows it, else its code. */
import type { TFunction } from "i18next";

export function areaName(t: TFunction, code: string): string {
  return t(`area.${code}`, { defaultValue: code });
}
