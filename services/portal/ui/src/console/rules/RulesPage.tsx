/** Set-points: read by all, changed by two persons, from a date on. A figure nobody checked says so. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Switch } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { SetPoint } from "../../api/types";
import { dateTime } from "../../look/time";
import { readProposals, readRules } from "../data/read";
import { areaName } from "../parts/areas";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { unitWords } from "../parts/units";
import { useMay } from "../shell/me";
import { ProposeForm } from "./ProposeForm";
import { Proposals } from "./Proposals";

export default function RulesPage(): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const all = params.get("all") === "1";
  const [changing, setChanging] = useState<SetPoint | null>(null);
  const rules = useQuery({ queryKey: ["rules"], queryFn: readRules });
  const proposals = useQuery({ queryKey: ["proposals"], queryFn: readProposals, refetchInterval: 30_000 });
  const again = (): void => {
    void queries.invalidateQueries({ queryKey: ["rules"] });
    void queries.invalidateQueries({ queryKey: ["proposals"] });
  };
  return (
    <Page screen="rules" actions={<label className="row"><Switch size="small" checked={all} onChange={(on) => setParams(on ? { all: "1" } : {})} /> {t("rules.allVersions")}</label>}>
      <section className="panel">
        <h2>{t("rules.proposals")}</h2>
        <Shown of={proposals}>{(items) => <Proposals items={items} onDone={again} />}</Shown>
      </section>
      <section className="panel scroll" tabIndex={0}>
        <Shown of={rules}>
          {(points) => {
            const shown = points.filter((point) => all || point.in_force);
            return shown.length === 0 ? <Nothing /> : <Points points={shown} change={may("changeSetPoints") ? setChanging : null} />;
          }}
        </Shown>
      </section>
      {changing && <ProposeForm point={changing} onDone={() => { setChanging(null); again(); }} />}
    </Page>
  );
}

export function Scope({ of }: { of: string }): ReactNode {
  const { t } = useTranslation();
  if (!of) return t("rules.everywhere");
  return <bdi>{of.startsWith("site:") ? of.slice(5) : areaName(t, of)}</bdi>;
}

function Points({ points, change }: { points: SetPoint[]; change: ((point: SetPoint) => void) | null }): ReactNode {
  const { t } = useTranslation();
  return (
    <table className="plain">
      <thead>
        <tr>
          <th>{t("common.rule")}</th><th>{t("rules.value")}</th><th>{t("rules.delay")}</th><th>{t("rules.deadband")}</th><th>{t("common.priority")}</th>
          <th>{t("rules.scope")}</th><th>{t("rules.source")}</th><th>{t("rules.from")}</th><th />
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={`${point.key} ${point.scope} ${point.version}`} className={point.in_force ? "" : "soft"}>
            <td>{point.key} {t(`rule.${point.rule}`)}{point.latched && <small className="soft"> · {t("alertState.latched")}</small>}</td>
            <td className="figure">{point.value ?? "–"} {unitWords(t, point.unit)}</td>
            <td className="figure">{point.on_s} / {point.off_s} s</td>
            <td className="figure">{point.deadband || "–"}</td>
            <td><Priority of={point.priority} /></td>
            <td><Scope of={point.scope} /></td>
            <td>{point.standard === "default" ? t("rules.ownDefault") : `${point.standard} ${point.clause}`}{!point.verified && <><br /><small className="unverified">▲ {t("rules.unverified")}</small></>}</td>
            <td className="figure">{Date.parse(point.effective_from) > 0 ? dateTime(point.effective_from) : t("rules.always")}{point.effective_to && <> – {dateTime(point.effective_to)}</>}<br /><small className="soft">{t("rules.version", { version: point.version })}</small></td>
            <td>{change && point.in_force && <Button size="small" onClick={() => change(point)}>{t("rules.propose")}</Button>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
