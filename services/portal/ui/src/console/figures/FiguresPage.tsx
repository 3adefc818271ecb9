/** The load of alerts on people: how many, when too many, and which devices make them. */
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { dateTime } from "../../look/time";
import { useSiteName } from "../data/register";
import { serverNow } from "../live/now";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { Bars } from "./Bars";
import { type Cell, LISTS, type Line, type ListName, readFigures } from "./read";
import "./figures.css";

const HOUR_MS = 3_600_000;
const SPANS_H = [8, 24, 168] as const;
/** About 5 / 15 / 80 % (EEMUA 191). */
const TARGETS: Readonly<Record<string, number>> = { P1: 5, P2: 15, P3: 80 };
const TIME = /^\d{4}-\d\d-\d\dT/;

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
        {({ perTen, priorities, lists }) => (
          <>
            <section className="panel">
              <h2>{t("figures.perTen")}</h2>
              <p className="soft">{t("figures.perTenMeans")}</p>
              {perTen.length === 0 ? <Nothing words={t("figures.none")} /> : <Bars of={perTen} />}
            </section>
            <Priorities of={priorities} />
            {LISTS.map((name) => <List key={name} name={name} lines={lists[name]} />)}
          </>
        )}
      </Shown>
    </Page>
  );
}

function Priorities({ of }: { of: Readonly<Record<string, number>> }): ReactNode {
  const { t } = useTranslation();
  const names = Object.keys(of).filter((name) => /^P[1-4]$/.test(name)).sort();
  const all = names.reduce((sum, name) => sum + (of[name] ?? 0), 0);
  if (names.length === 0) return null;
  return (
    <section className="panel">
      <h2>{t("figures.priorities")}</h2>
      <ul className="plain-rows">
        {names.map((name) => (
          <li key={name} className="row">
            <Priority of={name} /> <strong className="figure">{of[name]}</strong>
            <span className="figure">{all > 0 && `${Math.round(((of[name] ?? 0) / all) * 100)} %`}</span>
            {TARGETS[name] !== undefined && <span className="soft">{t("figures.target", { share: TARGETS[name] })}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function List({ name, lines }: { name: ListName; lines: readonly Line[] }): ReactNode {
  const { t } = useTranslation();
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  return (
    <section className="panel scroll">
      <h2>{t(`figures.${name}`)}</h2>
      {lines.length === 0 ? (
        <p className="soft">{t("figures.none")}</p>
      ) : (
        <table className="plain">
          <thead><tr>{columns.map((column) => <th key={column}>{t(`figures.field.${column}`, { defaultValue: column })}</th>)}</tr></thead>
          <tbody>
            {lines.map((line, place) => (
              <tr key={place}>{columns.map((column) => <td key={column} className="figure"><Value column={column} of={line[column] ?? null} /></td>)}</tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Value({ column, of }: { column: string; of: Cell }): ReactNode {
  const { t } = useTranslation();
  const name = useSiteName();
  if (of === null) return "–";
  if (column === "site_id") return <bdi>{name(String(of))}</bdi>;
  if (column === "rule") return t(`rule.${of}`, { defaultValue: String(of) });
  if (column === "priority") return <Priority of={String(of)} />;
  if (typeof of === "boolean") return t(of ? "common.yes" : "common.no");
  if (typeof of === "number") return Math.round(of * 100) / 100;
  return TIME.test(of) ? dateTime(of) : <bdi>{of}</bdi>;
}
