import { Input } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import * as acts from "../data/acts";
import { Field, FormDialog } from "../parts/FormDialog";
import { ByPriority } from "./ByPriority";
import { Refused } from "./Refused";
import { useMany } from "./useMany";

const NOTE_MAX = 1000;

export function AcknowledgeMany({ alerts, onDone }: { alerts: readonly Alert[]; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const many = useMany();
  const [note, setNote] = useState("");
  const open = alerts.filter((alert) => !alert.acknowledged);
  const submit = (): void => {
    void many.run(open, note, (alert, key) => acts.acknowledge(alert.alert_id, note, key)).then((all) => all && onDone());
  };
  return (
    <FormDialog title={t("alerts.acknowledgeMany", { count: open.length })} ok={t("deed.acknowledge")} act={many} onSubmit={submit} onCancel={onDone} disabled={open.length === 0}>
      <ByPriority of={open} />
      <p>{t("alerts.acknowledgeMeans")}</p>
      <Field label={t("common.note")}>
        <Input.TextArea autoFocus rows={2} maxLength={NOTE_MAX} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      {many.busy && <p role="status">{many.done} / {open.length}</p>}
      <Refused of={many.refused} />
    </FormDialog>
  );
}
