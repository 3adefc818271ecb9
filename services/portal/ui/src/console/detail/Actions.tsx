/** What can be done about one alert now; what cannot, says why. */
import { Alert as Notice, Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import { type AlertDialog, dialog } from "../alerts/dialogs";
import { refusal, useDeeds } from "../alerts/useDeeds";
import { useCell } from "../live/cell";
import { isOpen } from "../live/rows";
import { useMay } from "../shell/me";
import { useValves } from "./useValves";

/** Where nobody knows of valves, that is said: no button would say that there are none. */
function CloseValves({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const { data, error, refetch } = useValves(alert);
  if (data) {
    return data.map(({ id }) => (
      <Button key={id} danger onClick={() => dialog.set({ kind: "close", valveId: id, siteId: alert.site_id })}>{t("deed.closeValve")} <bdi>{id}</bdi></Button>
    ));
  }
  if (!error) return <Button danger disabled loading>{t("deed.closeValve")}</Button>;
  return <Notice type="error" showIcon role="alert" title={t("valve.notRead")} action={<Button size="small" onClick={() => void refetch()}>{t("common.again")}</Button>} />;
}

export function Actions({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  const deeds = useDeeds();
  const refused = useCell(refusal);
  const open = isOpen(alert);
  const ask = (kind: AlertDialog) => () => dialog.set({ kind, alerts: [alert] });
  return (
    <div className="stack">
      {refused && <Notice type="error" showIcon role="alert" title={refused} closable={{ onClose: () => refusal.set(null) }} />}
      <div className="row">
        {may("handleAlerts") && (
          <>
            <Button type="primary" disabled={alert.acknowledged} onClick={() => deeds.acknowledge([alert])}>{t(alert.acknowledged ? "alertState.acknowledged" : "deed.acknowledge")}</Button>
            <Button disabled={!open || alert.silenced} onClick={() => deeds.silence(alert)}>{t("deed.silence")}</Button>
            <Button disabled={!open || alert.confirmed !== null} onClick={ask("confirm")}>{t("deed.confirm")}</Button>
            {alert.shelved_until ? (
              <Button onClick={() => deeds.unshelve(alert)}>{t("deed.unshelve")}</Button>
            ) : (
              <Button disabled={!open || alert.priority === "P1"} title={alert.priority === "P1" ? t("shelve.never") : undefined} onClick={ask("shelve")}>{t("deed.shelve")}</Button>
            )}
            <Button disabled={!open} onClick={ask("assign")}>{t("deed.assign")}</Button>
          </>
        )}
        {may("openOrders") && <Button disabled={!open || alert.order_id !== null} onClick={ask("dispatch")}>{t("deed.dispatch")}</Button>}
        {may("closeValves") && <CloseValves alert={alert} />}
      </div>
      {alert.priority === "P1" && open && may("handleAlerts") && <small className="soft">{t("shelve.never")}</small>}
      {alert.latched && alert.active && (
        <p className="soft"><Button size="small" disabled>{t("deed.reset")}</Button> {t("detail.resetBy")}</p>
      )}
      {alert.assigned_to && <p>{t("detail.assignedTo")} <bdi>{alert.assigned_to}</bdi></p>}
      {alert.confirmed && <p className="wrap">{t("detail.finding")} <bdi>{alert.confirmed}</bdi></p>}
    </div>
  );
}
