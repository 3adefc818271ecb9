import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import * as acts from "../data/acts";
import { FormDialog } from "../parts/FormDialog";
import { ByPriority } from "./ByPriority";
import { Refused } from "./Refused";
import { useMany } from "./useMany";

export function SilenceMany({ alerts, onDone }: { alerts: readonly Alert[]; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const many = useMany();
  const submit = (): void => {
    void many.run(alerts, "", (alert, key) => acts.silence(alert.alert_id, key)).then((all) => all && onDone());
  };
  return (
    <FormDialog title={t("alerts.silenceMany", { count: alerts.length })} ok={t("deed.silence")} act={many} onSubmit={submit} onCancel={onDone}>
      <ByPriority of={alerts} />
      <p>{t("shell.hushIsNot")}</p>
      {many.busy && <p role="status">{many.done} / {alerts.length}</p>}
      <Refused of={many.refused} />
    </FormDialog>
  );
}
