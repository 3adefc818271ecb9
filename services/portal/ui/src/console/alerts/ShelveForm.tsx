/** Out of the list for a while: with a reason, a preset time and an end; never a P1. */
import { Alert as Notice, Input, Radio } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import { clock } from "../../look/time";
import * as acts from "../data/acts";
import { serverNow, useNow } from "../live/now";
import { Field, FormDialog } from "../parts/FormDialog";
import { Refused } from "./Refused";
import { useMany } from "./useMany";

const MINUTE_MS = 60_000;
const PRESETS_MIN = [15, 30, 60, 120, 240, 480] as const;
// The server allows 8 h by its own clock: a desk that is a little ahead must not be refused.
const SLACK_MS = 30_000;

export function ShelveForm({ alerts, onDone }: { alerts: readonly Alert[]; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const many = useMany();
  const now = useNow();
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState<number>(PRESETS_MIN[2]);
  const allowed = alerts.filter((alert) => alert.priority !== "P1");
  const barred = alerts.length - allowed.length;
  const until = (): Date => new Date(serverNow() + minutes * MINUTE_MS - SLACK_MS);
  const submit = (): void => {
    const end = until();
    void many.run(allowed, `${end.toISOString()} ${reason.trim()}`, (alert, key) => acts.shelve(alert.alert_id, reason.trim(), end, key)).then((all) => all && onDone());
  };
  return (
    <FormDialog title={t("shelve.title", { count: allowed.length })} ok={t("deed.shelve")} act={many} onSubmit={submit} onCancel={onDone} disabled={allowed.length === 0 || !reason.trim()}>
      {barred > 0 && <Notice type="warning" showIcon title={t("shelve.barred", { count: barred })} />}
      <p>{t("shelve.means")}</p>
      <fieldset className="field">
        <legend>{t("shelve.howLong")}</legend>
        <Radio.Group value={minutes} onChange={(event) => setMinutes(Number(event.target.value))} optionType="button"
          options={PRESETS_MIN.map((value) => ({ value, label: t(`shelve.for.${value}`) }))} />
        <small className="soft">{t("shelve.until", { at: clock(now + minutes * MINUTE_MS) })}</small>
      </fieldset>
      <Field label={`${t("common.reason")} (${t("common.required")})`}>
        <Input.TextArea autoFocus rows={2} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <Refused of={many.refused} />
    </FormDialog>
  );
}
