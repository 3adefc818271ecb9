/** As much of react-i18next as the crew's app uses; see `i18next.ts` beside it. */
import { useMemo, useSyncExternalStore } from "react";
import small from "./i18next";

export const initReactI18next = {};

export function useTranslation(): { t: typeof small.t; i18n: typeof small } {
  const language = useSyncExternalStore(small.listen, () => small.language);
  // A new function with each language: what remembers a word by `t` finds it anew.
  // `language` is read in that sense only.
  const t = useMemo<typeof small.t>(() => (language ? (keys, options) => small.t(keys, options) : small.t), [language]);
  return { t, i18n: small };
}
