/** A new account; which scope it needs follows from its role. */
import { useQuery } from "@tanstack/react-query";
import { Input, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PersonWithPassword } from "../../api/types";
import * as acts from "../data/acts";
import { readCrews } from "../data/read";
import { useFirms } from "../data/register";
import { useAct } from "../data/useAct";
import { Field, FormDialog } from "../parts/FormDialog";

const ROLES = [
  "watch", "watch_supervisor", "operator_admin", "dispatcher", "crew_member", "crew_lead", "regulator_viewer", "regulator_officer",
  "regulator_approver", "inspector", "government_approver", "administrator",
] as const;
type Role = (typeof ROLES)[number];
const CREW: readonly Role[] = ["crew_member", "crew_lead"];
const FIRM: readonly Role[] = ["watch", "watch_supervisor", "operator_admin", "dispatcher", ...CREW];

export function PersonForm({ onDone, onCancel }: { onDone: (person: PersonWithPassword) => void; onCancel: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const firms = useFirms();
  const crews = useQuery({ queryKey: ["crews"], queryFn: readCrews, staleTime: 300_000 });
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("watch");
  const [firm, setFirm] = useState<string | null>(null);
  const [area, setArea] = useState("");
  const [crew, setCrew] = useState<string | null>(null);
  const ofFirm = FIRM.includes(role);
  const ofCrew = CREW.includes(role);
  const ofArea = !ofFirm && role !== "administrator";
  const ready = username && name.trim() && (!ofFirm || firm) && (!ofCrew || crew) && (!ofArea || /^\d{6}$/.test(area));
  const submit = (): void => {
    const scope = { ...(ofFirm && firm ? { operator_id: firm } : {}), ...(ofCrew && crew ? { crew_id: crew } : {}), ...(ofArea ? { area_code: area } : {}) };
    void act.run(async (key) => onDone(await acts.addPerson({ username, name: name.trim(), role, ...scope }, key)));
  };
  return (
    <FormDialog title={t("people.add")} ok={t("people.add")} act={act} onSubmit={submit} onCancel={onCancel} disabled={!ready}>
      <Field label={t("gate.username")}><Input autoFocus required maxLength={64} autoComplete="off" pattern="[A-Za-z0-9_.\-]+" value={username} onChange={(event) => setUsername(event.target.value)} /></Field>
      <Field label={t("people.name")}><Input required maxLength={200} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} /></Field>
      <Field label={t("people.role")}><Select aria-label={t("people.role")} value={role} onChange={setRole} options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} /></Field>
      {ofFirm && <Field label={t("common.operator")}><Select aria-label={t("common.operator")} showSearch={{ optionFilterProp: "label" }} value={firm} onChange={(value) => { setFirm(value); setCrew(null); }} options={[...firms.values()].map((one) => ({ value: one.operator_id, label: one.name }))} /></Field>}
      {ofCrew && <Field label={t("order.crew")}><Select aria-label={t("order.crew")} value={crew} onChange={setCrew} options={(crews.data ?? []).filter((one) => one.operator_id === firm).map((one) => ({ value: one.crew_id, label: one.name }))} /></Field>}
      {ofArea && <Field label={t("common.area")} hint={t("people.areaHint")}><Input required inputMode="numeric" maxLength={6} value={area} onChange={(event) => setArea(event.target.value)} /></Field>}
      <p className="soft">{t("people.passwordMade")}</p>
    </FormDialog>
  );
}
