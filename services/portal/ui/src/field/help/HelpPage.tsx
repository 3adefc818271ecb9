/** What this app is, and its words. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { To } from "../look";

const WORDS = ["order", "crew", "outbox", "step", "lel", "latched", "deviceTime", "wgs84", "gcj02"] as const;
const DONTS = ["fire", "switch", "phone", "alone", "open"] as const;

export function HelpPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="help-title">
      <p className="back"><To to={{ view: "me" }} className="plain">‹ {t("field.me")}</To></p>
      <h1 id="help-title">{t("common.what")}</h1>
      <p>{t("help.what")}</p>
      <h2>{t("help.offlineTitle")}</h2>
      <p>{t("help.offline")}</p>
      <h2>{t("help.dontsTitle")}</h2>
      <ul>{DONTS.map((one) => <li key={one}>{t(`help.dont.${one}`)}</li>)}</ul>
      <h2>{t("help.words")}</h2>
      <dl>
        {WORDS.map((one) => (
          <div key={one}>
            <dt>{t(`help.word.${one}.name`)}</dt>
            <dd>{t(`help.word.${one}.means`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
