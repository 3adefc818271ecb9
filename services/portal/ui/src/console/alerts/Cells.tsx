/** What stands in the cells of the list, and again in the drawer. */
import { Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, Site } from "../../api/types";
import { useSiteName } from "../data/register";
import { Left } from "../parts/Age";
import { unitWords } from "../parts/units";

export function Value({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const { value, set_point: limit } = alert;
  if (value === null && limit === null) return <span className="soft">{t(alert.reason === "device_alarm" ? "alerts.byDevice" : "alerts.noValue")}</span>;
  const over = value !== null && limit !== null && value >= limit && alert.active;
  return (
    <span className="value figure">
      <strong className={over ? "over" : ""}>{value === null ? "–" : number(value)}</strong>
      {limit !== null && <span className="soft"> / {number(limit)}</span>} <small>{unitWords(t, alert.unit)}</small>
    </span>
  );
}

/** Short enough for a cell, exact enough to act on. */
export function number(value: number): string {
  return String(Math.round(value * (Math.abs(value) < 100 ? 10 : 1)) / (Math.abs(value) < 100 ? 10 : 1));
}

export function States({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="states">
      <Tag variant="outlined" className={alert.active ? "is-active" : ""}>{t(alert.active ? "alertState.active" : "alertState.normal")}</Tag>
      {!alert.acknowledged && <Tag variant="outlined" className="is-new">{t("alertState.unacknowledged")}</Tag>}
      {alert.latched && alert.active && <Tag variant="outlined">{t("alertState.latched")}</Tag>}
      {alert.test && <Tag variant="outlined">{t("alertState.test")}</Tag>}
      {alert.unregistered && <Tag variant="outlined">{t("alertState.unregistered")}</Tag>}
      {alert.silenced && <Tag variant="outlined">{t("alertState.silenced")}</Tag>}
      {alert.confirmed && <Tag variant="outlined">{t("alertState.confirmed")}</Tag>}
      {alert.order_id && <Tag variant="outlined">{t("alertState.ordered")}</Tag>}
      {alert.shelved_until && (
        <Tag variant="outlined">{t("alertState.shelved")} <Left until={alert.shelved_until} /></Tag>
      )}
    </span>
  );
}

export function SiteName({ id, site }: { id: string; site: Site | undefined }): ReactNode {
  const name = useSiteName()(id);
  return <bdi className="cut" title={site ? `${name}\n${site.address}` : id}>{name}</bdi>;
}
