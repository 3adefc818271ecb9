/** The load of alerts on people: how many, when too many, and which devices make them. */
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import type { AlertFigures } from "../../api/types";
import { dateTime } from "../../look/time";
import { readFigures } from "../data/read";
import { useFirms, useSiteName } from "../data/register";
import { serverNow } from "../live/now";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { Bars } from "./Bars";
import { Lines } from "./Lines";
import "./figures.css";

const HOUR_MS = 3_600_000;
const SPANS_H = [8, 24, 168] as const;
/** EEMUA 191: one alarm in ten minutes and position, less than a hundredth of the time in flood. */
const GOOD = { perTen: 1, floodPercent: 1 } as const;
const TEN_MIN_MS = 600_000;

export default function FiguresPage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const hours = SPANS_H.find((one) => String(one) === params.get("hours")) ?? 24;
  const asked = useQuery({
    queryKey: ["figures", hours],
    queryFn: () => readFigures(serverNow() - hours * HOUR_MS, serverNow()),
    refetchInterval: 60_000,
  });
  const choice = (
    <Segmented<number> value={hours} onChange={(value) => setParams({ hours: String(value) })} options={SPANS_H.map((value) => ({ value, label: t(`figures.span.${value}`) }))} />
  );
  return (
    <Page screen="figures" actions={choice}>
      <Shown of={asked}>
        {(figures) => (
          <>
            <Head of={figures} />
            <section className="panel">
              <h2>{t("figures.perTen")}</h2>
              <p className="soft">{t("figures.perTenMeans")}</p>
              {figures.per_10_min.length === 0 ? <Nothing words={t("figures.none")} /> : <Bars of={figures.per_10_min} />}
            </section>
            <Priorities of={figures} />
            <Tables of={figures} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** A figure with what is good; what is not says so in words, too. */
function Figure({ words, value, good, target }: { words: string; value: string; good?: boolean; target?: string }): ReactNode {
  return (
    <div className="panel figure-box">
      <span className="soft">{words}</span>
      <strong className={good === false ? "bad figure" : "figure"}>{good === false && "▲ "}{value}</strong>
      {target && <small className="soft">{target}</small>}
    </div>
  );
}

function Head({ of }: { of: AlertFigures }): ReactNode {
  const { t } = useTranslation();
  const windows = (Date.parse(of.to) - Date.parse(of.from)) / TEN_MIN_MS;
  const perTen = of.total / Math.max(1, windows) / Math.max(1, of.positions);
  return (
    <div className="figure-boxes">
      <Figure words={t("figures.total")} value={String(of.total)} />
      <Figure words={t("figures.positions")} value={String(of.positions)} />
      <Figure words={t("figures.average")} value={perTen.toFixed(2)} good={perTen <= GOOD.perTen} target={t("figures.atMost", { most: GOOD.perTen })} />
      <Figure words={t("figures.inFlood")} value={`${of.in_flood_percent.toFixed(1)} %`} good={of.in_flood_percent <= GOOD.floodPercent} target={t("figures.atMost", { most: `${GOOD.floodPercent} %` })} />
    </div>
  );
}

function Priorities({ of }: { of: AlertFigures }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="panel scroll" tabIndex={0}>
      <h2>{t("figures.priorities")}</h2>
      <table className="plain">
        <thead><tr><th>{t("common.priority")}</th><th>{t("figures.count")}</th><th>{t("figures.share")}</th><th>{t("figures.targetShare")}</th><th>{t("figures.median")}</th><th>{t("figures.p95")}</th></tr></thead>
        <tbody>
          {of.priorities.map((one) => {
            const known = of.acknowledged_s.find((other) => other.priority === one.priority);
            return (
              <tr key={one.priority}>
                <td><Priority of={one.priority} /></td>
                <td className="figure">{one.count}</td>
                <td className="figure">{one.percent.toFixed(1)} %</td>
                <td className="figure soft">{one.target_percent === null ? "–" : t("figures.target", { share: one.target_percent })}</td>
                <td className="figure">{known ? `${Math.round(known.median)} s` : "–"}</td>
                <td className="figure">{known ? `${Math.round(known.p95)} s` : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Tables({ of }: { of: AlertFigures }): ReactNode {
  const { t } = useTranslation();
  const site = useSiteName();
  const firms = useFirms();
  const [params] = useSearchParams();
  const withAlert = (id: string): string => {
    const next = new URLSearchParams(params);
    next.set("alert", id);
    return `?${next.toString()}`;
  };
  const [device, place, from, to, count] = [t("common.device"), t("common.site"), t("figures.begins"), t("figures.ends"), t("figures.count")];
  const firm = (id: string): ReactNode => <bdi>{firms.get(id)?.name ?? id}</bdi>;
  const at = (id: string): ReactNode => <bdi>{site(id)}</bdi>;
  return (
    <>
      <Lines title={t("figures.worst")} heads={[device, place, count]} rows={of.worst.map((one) => [<bdi>{one.device_id}</bdi>, at(one.site_id), one.count])} />
      <Lines title={t("figures.floods")} heads={[t("common.operator"), from, to, count]} rows={of.floods.map((one) => [firm(one.operator_id), dateTime(one.from), dateTime(one.to), one.count])} />
      <Lines title={t("figures.chattering")} heads={[device, place, from, to, t("figures.perMinute")]}
        rows={of.chattering.map((one) => [<bdi>{one.device_id}</bdi>, at(one.site_id), dateTime(one.from), dateTime(one.to), one.count])} />
      <Lines title={t("figures.stale")} heads={[t("common.priority"), t("common.rule"), place, t("figures.begins"), t("figures.hours")]}
        rows={of.stale.map((one) => [<Priority of={one.priority} />, <Link to={withAlert(one.alert_id)}>{t(`rule.${one.rule}`)}</Link>, at(one.site_id), dateTime(one.opened_at), Math.round(one.hours)])} />
    </>
  );
}
