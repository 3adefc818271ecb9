import { Alert } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSiteName } from "../data/register";
import type { Many } from "./useMany";

const SHOWN = 20;

/** Which of many were refused, and why. */
export function Refused({ of }: { of: Many["refused"] }): ReactNode {
  const { t } = useTranslation();
  const name = useSiteName();
  if (of.length === 0) return null;
  const list = of.slice(0, SHOWN).map(({ alert, words }) => (
    <li key={alert.alert_id}>
      {t(`rule.${alert.rule}`)} · <bdi>{name(alert.site_id)}</bdi>: {words}
    </li>
  ));
  return <Alert type="error" showIcon role="alert" title={t("alerts.refused", { count: of.length })} description={<ul>{list}</ul>} />;
}
