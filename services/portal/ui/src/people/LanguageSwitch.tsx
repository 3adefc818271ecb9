import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Language, speakAgain } from "../words";

/** The other language, named in itself. */
export function LanguageSwitch(): ReactNode {
  const { i18n } = useTranslation();
  const other: Language = i18n.language === "en" ? "zh-CN" : "en";
  return (
    <button type="button" className="gate-language" lang={other} onClick={() => void speakAgain(other)}>
      {other === "en" ? "English" : "中文"}
    </button>
  );
}
