/** Every gas company of an area. */
import type { TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Operator } from "../../api/types";
import { useFilters, useScope, useTo } from "../address";
import { readOperators, readUnlicensed } from "../data/lists";
import { useAll } from "../data/pages";
import { Areas, Mark, OperatorLink } from "../parts/Bits";
import { Bar, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { ViewHead } from "../parts/What";

export function OperatorsView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter } = useFilters();
  const filters = { q: filter("q") };
  return (
    <>
      <ViewHead view="operators" words={["operator", "creditCode", "licence"]} />
      <Bar>
        <Search />
        <Export resource="operators" scope={scope} filters={filters} />
      </Bar>
      <Paged<Operator>
        of={["operators", scope, filters]}
        read={(at) => readOperators(scope, filters, at)}
        columns={useColumns()}
        rowKey={(row) => row.operator_id}
        empty={t("operators.empty")}
        label={t("view.operators.title")}
      />
    </>
  );
}

function useColumns(): NonNullable<TableProps<Operator>["columns"]> {
  const { t } = useTranslation();
  return [
    { title: t("common.operator"), key: "name", render: (_, row) => <OperatorLink id={row.operator_id} name={row.name} /> },
    { title: t("operators.standing"), key: "standing", render: (_, row) => <Standing id={row.operator_id} /> },
    { title: t("operators.seat"), key: "area", render: (_, row) => <Areas codes={[row.area_code]} /> },
    { title: t("operators.creditCode"), key: "credit", responsive: ["md"], render: (_, row) => <span className="reg-code">{row.credit_code}</span> },
    { title: t("operators.belongings"), key: "more", responsive: ["lg"], render: (_, row) => <Belongings id={row.operator_id} /> },
  ];
}

/** What stands against an operator on the day: each reason leads to its evidence. */
export function Standing({ id }: { id: string }): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const to = useTo();
  const { data, isError } = useAll(["unlicensed", scope], (at) => readUnlicensed(scope, {}, at));
  if (!data) return <span className="reg-quiet">{t(isError ? "common.unknown" : "common.loading")}</span>;
  const found = data.items.filter((one) => one.operator_id === id);
  if (found.length === 0) return <Mark tone="good">{t("operators.nothingAgainst")}</Mark>;
  return found.map((one) => (
    <Link key={one.unlicensed_id} to={to("/unlicensed", { operator_id: id, open: one.unlicensed_id })}>
      <Mark tone="bad">{t(`reason.${one.reason}`)}</Mark>
    </Link>
  ));
}

/** The way to what belongs to an operator. */
export function Belongings({ id }: { id: string }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  return (
    <span className="reg-links">
      {(["licences", "sites", "devices"] as const).map((view) => (
        <Link key={view} to={to(`/${view}`, { operator_id: id })}>{t(`view.${view}.short`)}</Link>
      ))}
    </span>
  );
}
