/** Propose a change of one set-point; it holds only after another person approved it, and from its date. */
import { Checkbox, Input, InputNumber } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SetPoint } from "../../api/types";
import * as acts from "../data/acts";
import { useAct } from "../data/useAct";
import { serverNow } from "../live/now";
import { Field, FormDialog } from "../parts/FormDialog";
import { forField, fromField } from "../parts/localTime";
import { unitWords } from "../parts/units";

const DAY_MS = 86_400_000;
type Numbers = Pick<SetPoint, "value" | "on_s" | "off_s" | "deadband">;

/** Only what differs is a change. */
function differing(before: SetPoint, numbers: Numbers, standard: string, clause: string, verified: boolean): Partial<acts.Change> {
  const change: Partial<acts.Change> = {};
  for (const name of ["value", "on_s", "off_s", "deadband"] as const) {
    const value = numbers[name];
    if (value !== null && value !== before[name]) change[name] = value;
  }
  if (standard !== before.standard) change.standard = standard;
  if (clause !== before.clause) change.clause = clause;
  if (verified !== before.verified) change.verified = verified;
  return change;
}

export function ProposeForm({ point, onDone }: { point: SetPoint; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [numbers, setNumbers] = useState<Numbers>({ value: point.value, on_s: point.on_s, off_s: point.off_s, deadband: point.deadband });
  const [standard, setStandard] = useState(point.standard);
  const [clause, setClause] = useState(point.clause);
  const [verified, setVerified] = useState(point.verified);
  const [scope, setScope] = useState(point.scope);
  const [from, setFrom] = useState(forField(serverNow() + DAY_MS));
  const [reason, setReason] = useState("");
  const changes = differing(point, numbers, standard.trim(), clause.trim(), verified);
  const submit = (): void => {
    const body = { ...changes, key: point.key, scope: scope.trim(), effective_from: fromField(from).toISOString(), reason: reason.trim() };
    void act.run(async (key) => void (await acts.propose(point.rule, body, key))).then((done) => done && onDone());
  };
  const number = (name: keyof Numbers, unit: string): ReactNode => (
    <Field label={`${t(`rules.field.${name}`)} (${unit})`}>
      <InputNumber min={0} value={numbers[name]} disabled={name === "value" && point.value === null} onChange={(value) => setNumbers({ ...numbers, [name]: value })} />
    </Field>
  );
  return (
    <FormDialog title={<>{t("rules.propose")} · {point.key} {t(`rule.${point.rule}`)}</>} ok={t("rules.propose")} act={act} onSubmit={submit} onCancel={onDone}
      disabled={!reason.trim() || !from || (Object.keys(changes).length === 0 && scope === point.scope)}>
      <p>{t("rules.twoPersons")}</p>
      <div className="row">{number("value", unitWords(t, point.unit) || "–")}{number("deadband", unitWords(t, point.unit) || "–")}{number("on_s", "s")}{number("off_s", "s")}</div>
      <Field label={t("rules.scope")} hint={t("rules.scopeHint")}><Input maxLength={80} value={scope} onChange={(event) => setScope(event.target.value)} /></Field>
      <div className="row">
        <Field label={t("rules.field.standard")}><Input maxLength={200} value={standard} onChange={(event) => setStandard(event.target.value)} /></Field>
        <Field label={t("rules.field.clause")}><Input maxLength={80} value={clause} onChange={(event) => setClause(event.target.value)} /></Field>
      </div>
      <Checkbox checked={verified} onChange={(event) => setVerified(event.target.checked)}>{t("rules.field.verified")}</Checkbox>
      <Field label={t("rules.from")} hint={t("rules.zone")}><Input type="datetime-local" required value={from} onChange={(event) => setFrom(event.target.value)} /></Field>
      <Field label={`${t("common.reason")} (${t("common.required")})`}><Input.TextArea rows={2} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} /></Field>
    </FormDialog>
  );
}
