/** What to do and what never to do, by rule, and the limits within which this gas explodes. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, Site } from "../../api/types";

/** Vol% and density against air (DOMAIN section 2); `[K]` figures nobody has checked against a standard. */
const GASES = {
  CH4: { lel: 5, uel: 15, density: "0.55", checked: true },
  LPG: { lel: 1.5, uel: 9.5, density: "1.5–2.0", checked: true },
  C3H8: { lel: 2.1, uel: 9.5, density: "1.52", checked: false },
  C4H10: { lel: 1.5, uel: 8.5, density: "2.01", checked: false },
  CO: { lel: 12.5, uel: 74, density: "0.97", checked: true },
} as const;

function Steps({ of }: { of: string }): ReactNode {
  const { t } = useTranslation();
  const steps: unknown = t(of, { returnObjects: true });
  return <ul>{Array.isArray(steps) && steps.map((step) => <li key={String(step)}>{String(step)}</li>)}</ul>;
}

export function Procedure({ alert, site }: { alert: Alert; site: Site | undefined }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="panel">
      <h2>{t("detail.procedure")}</h2>
      <div className="procedure">
        <div>
          <h3 className="good">✓ {t("detail.do")}</h3>
          <Steps of={`guide.${alert.rule}.do`} />
        </div>
        <div>
          <h3 className="bad">✕ {t("detail.dont")}</h3>
          <Steps of={`guide.${alert.rule}.dont`} />
        </div>
      </div>
      {site?.gas && <Gas gas={alert.rule === "G06" ? "CO" : site.gas} />}
    </section>
  );
}

function Gas({ gas }: { gas: keyof typeof GASES }): ReactNode {
  const { t } = useTranslation();
  const { lel, uel, density, checked } = GASES[gas];
  return (
    <p className="gas">
      <strong>{t(`gas.${gas}`)}</strong>{" "}
      <span className="figure">{t("detail.explodes", { lel, uel })}</span>{" · "}
      <span>{t("detail.density", { density })} {t(Number.parseFloat(density) < 1 ? "detail.rises" : "detail.sinks")}</span>{" · "}
      <span className="figure">{t("detail.quarter", { vol: lel / 4, ppm: (lel * 2_500).toLocaleString("en") })}</span>
      {gas === "CO" && <strong className="bad"> {t("detail.toxic")}</strong>}
      {!checked && <small className="soft"> {t("rules.unverified")}</small>}
    </p>
  );
}
