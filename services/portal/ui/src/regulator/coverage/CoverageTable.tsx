/** Coverage as n/N, percent and bar, with what is missing. */
import type { TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTo } from "../address";
import { useAreaName } from "../areas";
import type { GroupBy } from "../data/lists";
import { useOperatorName } from "../data/one";
import { Mark, OperatorLink, Rate } from "../parts/Bits";
import { Rows } from "../parts/Paged";
import { useArea } from "../shell/me";
import { type Tally, isBelow, lacking, named } from "./rollup";

export function CoverageTable({ rows, by, target, empty }: {
  rows: readonly Tally[];
  by: GroupBy;
  target: number;
  empty: string;
}): ReactNode {
  const { t } = useTranslation();
  return <Rows<Tally> rows={rows} columns={useColumns(by, target)} rowKey={(row) => row.group} empty={empty} label={t("view.coverage.title")} />;
}

function useColumns(by: GroupBy, target: number): NonNullable<TableProps<Tally>["columns"]> {
  const { t } = useTranslation();
  return [
    { title: t(`coverage.byWhat.${by}`), key: "group", render: (_, row) => <Group by={by} group={row.group} target={target} /> },
    {
      title: t("coverage.rate"),
      key: "rate",
      sorter: (one, other) => share(one) - share(other),
      render: (_, row) => <Rated row={row} target={target} />,
    },
    {
      title: t("coverage.uncovered"),
      key: "uncovered",
      align: "right",
      sorter: (one, other) => one.obliged - one.covered - (other.obliged - other.covered),
      render: (_, row) => <Count by={by} group={row.group} count={row.obliged - row.covered} />,
    },
    { title: t("coverage.noAlarm"), key: "alarm", align: "right", responsive: ["md"], render: (_, row) => <span className="reg-num">{lacking(row, "detector")}</span> },
    { title: t("coverage.noValve"), key: "valve", align: "right", responsive: ["md"], render: (_, row) => <span className="reg-num">{lacking(row, "valve")}</span> },
    { title: t("coverage.overdue"), key: "overdue", align: "right", responsive: ["xxl"], render: (_, row) => <span className="reg-num">{row.overdue}</span> },
    {
      title: t("coverage.residential"),
      key: "residential",
      responsive: ["xxl"],
      render: (_, row) => <Rate covered={row.residential.covered} of={row.residential.sites} none={t("coverage.noHomes")} />,
    },
  ];
}

/** Where nobody is obliged there is nothing to reach. */
function share(row: Tally): number {
  return row.obliged > 0 ? row.covered / row.obliged : 1;
}

function Rated({ row, target }: { row: Tally; target: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="reg-rated">
      <Rate covered={row.covered} of={row.obliged} none={t("reg.nobody")} />
      {row.obliged > 0 && <progress className={isBelow(row, target) ? "reg-below" : undefined} max={row.obliged} value={row.covered} aria-label={t("coverage.rate")} />}
      {isBelow(row, target) && <Mark tone="bad">{t("coverage.below")}</Mark>}
    </span>
  );
}

/** Deeper into an area; a firm leads to the firm. */
function Group({ by, group, target }: { by: GroupBy; group: string; target: number }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const area = useAreaName();
  const looked = useArea();
  const operatorName = useOperatorName();
  if (by === "operator") return <OperatorLink id={group} name={operatorName(group)} />;
  if (by === "kind") return <Link to={to("/sites", { kind: group })}>{t(`siteKind.${group}`)}</Link>;
  if (group === looked) return <strong>{area(group)}</strong>;
  return <Link to={to("/coverage", { area: group, target: named(target) })}>{area(group)}</Link>;
}

function Count({ by, group, count }: { by: GroupBy; group: string; count: number }): ReactNode {
  const to = useTo();
  if (count === 0) return <span className="reg-num">{count}</span>;
  const name = { county: "area", operator: "operator_id", kind: "kind" }[by];
  return <Link className="reg-num" to={to("/coverage/missing", { [name]: group })}>{count}</Link>;
}
