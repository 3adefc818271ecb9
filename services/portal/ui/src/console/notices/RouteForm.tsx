import { Checkbox, Input, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Route } from "../../api/types";
import { PRIORITIES } from "../alerts/filters";
import { RULES } from "../alerts/rules";
import * as acts from "../data/acts";
import { useAct } from "../data/useAct";
import { Field, FormDialog } from "../parts/FormDialog";
import { SHAPES } from "../parts/Priority";

const TOPICS = ["alert", "order", "enforcement"] as const;
const ROLES = ["watch", "watch_supervisor", "operator_admin", "dispatcher", "duty_manager", "crew_lead", "crew_member", "regulator_officer", "administrator"] as const;
const LEVELS = [0, 1, 2] as const;

interface Props {
  route: Route | null;
  onDone: () => void;
  onCancel: () => void;
}

export function RouteForm({ route, onDone, onCancel }: Props): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [id, setId] = useState(route?.route_id ?? "");
  const [area, setArea] = useState(route?.area_code ?? "");
  const [topic, setTopic] = useState<Route["topic"]>(route?.topic ?? "alert");
  const [level, setLevel] = useState<0 | 1 | 2>(0);
  const [priorities, setPriorities] = useState<Route["priorities"]>(route?.priorities ?? ["P1", "P2"]);
  const [roles, setRoles] = useState(route?.roles ?? ["watch"]);
  const [rules, setRules] = useState(route?.rules ?? []);
  const [channels, setChannels] = useState(route?.channels ?? []);
  const [active, setActive] = useState(route?.active ?? true);
  const values = { priorities, roles, rules, channels, active };
  const ready = priorities.length > 0 && roles.length > 0 && (route || (id && /^\d{6}$/.test(area)));
  const submit = (): void => {
    void act
      .run(async (key) => void (route ? await acts.changeRoute(route, values) : await acts.addRoute({ ...values, route_id: id, area_code: area, topic, level, whats: [] }, key)))
      .then((done) => done && onDone());
  };
  return (
    <FormDialog title={t(route ? "notices.changeRoute" : "notices.addRoute")} ok={t("common.save")} act={act} onSubmit={submit} onCancel={onCancel} disabled={!ready}>
      {!route && (
        <>
          <div className="row">
            <Field label={t("notices.id")}><Input required maxLength={64} pattern="[A-Za-z0-9_\-]+" value={id} onChange={(event) => setId(event.target.value)} /></Field>
            <Field label={t("common.area")} hint={t("notices.areaHint")}><Input required inputMode="numeric" maxLength={6} value={area} onChange={(event) => setArea(event.target.value)} /></Field>
          </div>
          <Field label={t("notices.topic")}><Select aria-label={t("notices.topic")} value={topic} onChange={setTopic} options={TOPICS.map((value) => ({ value, label: t(`notices.topics.${value}`) }))} /></Field>
          <Field label={t("notices.level")}><Select aria-label={t("notices.level")} value={level} onChange={setLevel} options={LEVELS.map((value) => ({ value, label: t(`notices.levels.${value}`) }))} /></Field>
        </>
      )}
      <Field label={t("common.priority")}><Select mode="multiple" aria-label={t("common.priority")} value={priorities} onChange={setPriorities} options={PRIORITIES.map((value) => ({ value, label: `${SHAPES[value] ?? ""} ${t(`priority.${value}`)}` }))} /></Field>
      <Field label={t("notices.roles")}><Select mode="multiple" aria-label={t("notices.roles")} value={roles} onChange={setRoles} options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} /></Field>
      <Field label={t("common.rule")} hint={t("notices.emptyMeansAll")}><Select mode="multiple" aria-label={t("common.rule")} value={rules} onChange={setRules} options={RULES.map((value) => ({ value, label: `${value} ${t(`rule.${value}`)}` }))} /></Field>
      <Field label={t("notices.channel")} hint={t("notices.emptyMeansAll")}><Select mode="tags" aria-label={t("notices.channel")} value={channels} onChange={setChannels} /></Field>
      <Checkbox checked={active} onChange={(event) => setActive(event.target.checked)}>{t("notices.active")}</Checkbox>
    </FormDialog>
  );
}
