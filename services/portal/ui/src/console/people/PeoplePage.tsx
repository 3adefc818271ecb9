/** Accounts: created with a first password that is shown once, disabled, given a new password. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Person, PersonWithPassword } from "../../api/types";
import * as acts from "../data/acts";
import { readPeople } from "../data/read";
import { useFirms } from "../data/register";
import { useAct } from "../data/useAct";
import { areaName } from "../parts/areas";
import { FormDialog } from "../parts/FormDialog";
import { Page } from "../parts/Page";
import { SearchBox } from "../parts/SearchBox";
import { Fault, Nothing, Shown } from "../parts/States";
import { useMe } from "../shell/me";
import { PasswordOnce } from "./PasswordOnce";
import { PersonForm } from "./PersonForm";

export default function PeoplePage(): ReactNode {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<PersonWithPassword | null>(null);
  const asked = useQuery({ queryKey: ["people"], queryFn: readPeople });
  const again = (): void => void queries.invalidateQueries({ queryKey: ["people"] });
  const text = (params.get("q") ?? "").toLowerCase();
  return (
    <Page screen="people" actions={<Button type="primary" onClick={() => setAdding(true)}>{t("people.add")}</Button>}>
      <div><SearchBox className="people-search" value={params.get("q") ?? ""} change={(value) => setParams(value ? { q: value } : {}, { replace: true })} hint={t("common.search")} /></div>
      <Shown of={asked}>
        {(people) => {
          const shown = people.filter((one) => `${one.username} ${one.name} ${t(`role.${one.role}`)}`.toLowerCase().includes(text));
          return shown.length === 0 ? <Nothing /> : <List people={shown} onTold={setTold} onDone={again} />;
        }}
      </Shown>
      {adding && <PersonForm onDone={(person) => { setAdding(false); setTold(person); again(); }} onCancel={() => setAdding(false)} />}
      {told && <PasswordOnce person={told} onDone={() => setTold(null)} />}
    </Page>
  );
}

interface Asked {
  deed: keyof typeof WORDS;
  person: Person;
}
/** What ends somebody's sessions is asked twice. */
const WORDS = {
  disable: { deed: "people.disable", sure: "people.sureDisable" },
  renew: { deed: "people.newPassword", sure: "people.sureNew" },
} as const;

interface ListProps {
  people: Person[];
  onTold: (person: PersonWithPassword) => void;
  onDone: () => void;
}

function List({ people, onTold, onDone }: ListProps): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const firms = useFirms();
  const act = useAct();
  const [asked, setAsked] = useState<Asked | null>(null);
  const done = (was: boolean): void => {
    if (!was) return;
    setAsked(null);
    onDone();
  };
  const enable = (one: Person): void => void act.run(() => acts.setDisabled(one.username, false)).then(done);
  const sure = ({ deed, person }: Asked): void => {
    const doing = deed === "disable" ? () => acts.setDisabled(person.username, true) : async () => onTold(await acts.newPassword(person.username));
    void act.run(doing).then(done);
  };
  const scope = (one: Person): string => [one.operator_id && (firms.get(one.operator_id)?.name ?? one.operator_id), one.area_code && areaName(t, one.area_code), one.crew_id].filter(Boolean).join(" · ");
  return (
    <div className="panel scroll" tabIndex={0}>
      {asked ? (
        <FormDialog title={t(WORDS[asked.deed].deed)} ok={t(WORDS[asked.deed].deed)} danger act={act} onSubmit={() => sure(asked)} onCancel={() => setAsked(null)}>
          <p>{t(WORDS[asked.deed].sure, { person: asked.person.name })}</p>
        </FormDialog>
      ) : <Fault words={act.fault} />}
      <table className="plain">
        <thead><tr><th>{t("gate.username")}</th><th>{t("people.name")}</th><th>{t("people.role")}</th><th>{t("people.scope")}</th><th>{t("people.factor")}</th><th>{t("common.state")}</th><th /></tr></thead>
        <tbody>
          {people.map((one) => (
            <tr key={one.username} className={one.disabled ? "soft" : ""}>
              <td>{one.username}</td>
              <td><bdi>{one.name}</bdi></td>
              <td>{t(`role.${one.role}`, { defaultValue: one.role })}</td>
              <td><bdi>{scope(one) || "–"}</bdi></td>
              <td>{one.second_factor ? `✓ ${t("people.hasFactor")}` : "–"}</td>
              <td>{one.disabled ? `✕ ${t("people.disabled")}` : one.must_change ? t("people.mustChange") : t("people.enabled")}</td>
              <td>
                {one.username !== me.username && (
                  <div className="row">
                    <Button size="small" danger={!one.disabled} onClick={() => (one.disabled ? enable(one) : setAsked({ deed: "disable", person: one }))}>{t(one.disabled ? "people.enable" : "people.disable")}</Button>
                    <Button size="small" onClick={() => setAsked({ deed: "renew", person: one })}>{t("people.newPassword")}</Button>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
