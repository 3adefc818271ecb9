/** The alerts behind an order; what latched is reset here by the lead, on site, and only with network. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem, api, once } from "../../api/client";
import type { Alert, Order } from "../../api/types";
import { dateTime } from "../../look/time";
import { useField } from "../field";
import { PriorityMark } from "../look";
import { useAlerts } from "./data";

export function Alerts({ order, state }: { order: Order; state: string }): ReactNode {
  const { t } = useTranslation();
  const seen = useAlerts(order.order_id, order.alert_ids);
  if (order.alert_ids.length === 0 || !seen.value) return null;
  return (
    <div className="panel">
      <h2>{t("field.alerts")}</h2>
      <ul className="plain-list">
        {seen.value.map((alert) => (
          <li key={alert.alert_id}><One alert={alert} order={order} canReset={state === "on_site"} onReset={seen.reload} /></li>
        ))}
      </ul>
      <p className="hint">{t("field.dontsOnSite")}</p>
    </div>
  );
}

function One({ alert, order, canReset, onReset }: { alert: Alert; order: Order; canReset: boolean; onReset: () => void }): ReactNode {
  const { t } = useTranslation();
  const { me } = useField();
  // UCUM writes %{LEL} and [ppm]; instruments and people do not.
  const unit = alert.unit.replace(/[{}[\]]/g, "");
  return (
    <>
      <p className="row">
        <PriorityMark priority={alert.priority} />
        <strong>{t(alert.active ? "field.alertActive" : "field.alertOver")}</strong>
      </p>
      <p>{t(`rule.${alert.rule}`)}{alert.zone ? ` · ${alert.zone}` : ""}</p>
      <p className="hint">
        {alert.value !== null && t("field.alertValue", { value: alert.value, unit })}
        {alert.set_point !== null && ` · ${t("field.alertLimit", { value: alert.set_point, unit })}`} · {dateTime(alert.opened_at)}
      </p>
      {alert.active && alert.latched && me.role === "crew_lead" && canReset && <Reset alert={alert} order={order} onReset={onReset} />}
    </>
  );
}

/** Not through the outbox: a reset that arrives late could end an alarm that came meanwhile. */
function Reset({ alert, order, onReset }: { alert: Alert; order: Order; onReset: () => void }): ReactNode {
  const { t } = useTranslation();
  const [finding, setFinding] = useState("");
  const [key, setKey] = useState(once);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function reset(): Promise<void> {
    setBusy(true);
    setFault(null);
    try {
      await api.POST("/api/v1/alerts/{alert_id}:reset", {
        params: { path: { alert_id: alert.alert_id } },
        body: { finding: finding.trim(), order_id: order.order_id },
        headers: key,
      });
      onReset();
    } catch (error) {
      setFault(error instanceof Problem ? t([`field.refusal.${error.type}`, `problem.${error.type}`, "problem.unknown"]) : t("field.needsNetwork"));
      if (error instanceof Problem) setKey(once());
    } finally {
      setBusy(false);
    }
  }

  return (
    <details className="others">
      <summary>{t("field.reset")}</summary>
      <p>{t("field.resetWhat")}</p>
      <label>
        {t("field.finding")}
        <textarea value={finding} onChange={(event) => setFinding(event.target.value)} maxLength={2_000} rows={2} />
      </label>
      {fault && <p className="notice bad" role="alert">{fault}</p>}
      <button type="button" className="button wide strong" disabled={busy || !finding.trim()} onClick={() => void reset()}>{t("field.reset")}</button>
    </details>
  );
}
