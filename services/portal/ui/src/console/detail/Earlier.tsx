/** Earlier alerts of the same site: what repeats is a hazard of its own. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import type { Alert } from "../../api/types";
import { dateTime } from "../../look/time";
import { Value } from "../alerts/Cells";
import { readAlerts } from "../data/read";
import { Priority } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";

const SHOWN = 20;

export function Earlier({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const asked = useQuery({ queryKey: ["earlier", alert.site_id], queryFn: () => readAlerts({ site_id: alert.site_id, limit: SHOWN + 1 }) });
  const to = (id: string): string => {
    const params = new URLSearchParams(search);
    params.set("alert", id);
    return `${pathname}?${params.toString()}`;
  };
  return (
    <section className="panel">
      <h2>{t("detail.earlier")}</h2>
      <Shown of={asked}>
        {({ items }) => {
          const others = items.filter((one) => one.alert_id !== alert.alert_id).slice(0, SHOWN);
          if (others.length === 0) return <Nothing words={t("detail.noneEarlier")} />;
          return (
            <table className="plain">
              <thead><tr><th>{t("common.at")}</th><th>{t("common.priority")}</th><th>{t("common.rule")}</th><th>{t("alerts.value")}</th></tr></thead>
              <tbody>
                {others.map((one) => (
                  <tr key={one.alert_id}>
                    <td className="figure"><Link to={to(one.alert_id)}>{dateTime(one.opened_at)}</Link></td>
                    <td><Priority of={one.priority} /></td>
                    <td>{t(`rule.${one.rule}`)}</td>
                    <td><Value alert={one} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Shown>
    </section>
  );
}
