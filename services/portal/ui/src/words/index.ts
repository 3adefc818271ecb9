/** The words of the screens: Chinese by default and complete, English complete. The API returns codes. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { sayWants } from "./hints";

export const LANGUAGES = ["zh-CN", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
const KEPT = "gaswatch.language";

type Catalogue = Record<string, unknown>;

/** Return the language this browser was last used in; Chinese where it never was. */
export function chosen(): Language {
  const kept = localStorage.getItem(KEPT);
  return LANGUAGES.find((one) => one === kept) ?? "zh-CN";
}

type Load = (language: Language) => Promise<Catalogue>;
let load: Load = () => Promise.resolve({});

/** Begin with the catalogues of one app; `of` fetches those of a language, common words included. */
export async function begin(of: Load): Promise<void> {
  load = of;
  const language = chosen();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await load(language) } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
  sayWants();
}

/** Change the language of all screens, and remember it. */
export async function speakAgain(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await load(language));
  }
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
