/** Who operates without a licence, by area and day, with the reason. */
import { Button, type TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Unlicensed } from "../../api/types";
import { dayOf, oneOf, useFilters, useScope, useTo } from "../address";
import { readUnlicensed } from "../data/lists";
import { useAll } from "../data/pages";
import { useOperatorName } from "../data/one";
import { Areas, Mark } from "../parts/Bits";
import { Also, Bar, Choice, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { ViewHead } from "../parts/What";
import { EvidenceDrawer } from "./EvidenceDrawer";
import { REASONS, basisOf } from "./reasons";

export function UnlicensedView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter, open } = useFilters();
  const operatorName = useOperatorName();
  const filters = {
    q: filter("q"),
    reason: oneOf(REASONS, filter("reason")),
    operator_id: filter("operator_id"),
  };
  return (
    <>
      <ViewHead view="unlicensed" words={["unlicensed", "licence", "proposed", "noPlanning"]} />
      <ByReason chosen={filters.reason} />
      <Bar>
        <Search />
        <Choice name="reason" label={t("common.reason")} values={REASONS} word={(one) => t(`reason.${one}`)} />
        {filters.operator_id && <Also name="operator_id" text={operatorName(filters.operator_id)} />}
        <Export resource="unlicensed" scope={scope} filters={filters} />
      </Bar>
      <Paged<Unlicensed>
        of={["unlicensed", scope, filters]}
        read={(at) => readUnlicensed(scope, filters, at)}
        columns={useColumns(open)}
        rowKey={(row) => row.unlicensed_id}
        empty={t("unlicensed.empty", { day: dayOf(scope) })}
        label={t("view.unlicensed.title")}
      />
      <EvidenceDrawer id={filter("open")} onClose={() => open(null)} />
    </>
  );
}

/** How many for each reason; the sum over reasons is more than the firms when one has several. */
function ByReason({ chosen }: { chosen: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const to = useTo();
  const { data } = useAll(["unlicensed", scope], (at) => readUnlicensed(scope, {}, at));
  if (!data || data.items.length === 0) return null;
  const firms = new Set(data.items.map((one) => one.operator_id)).size;
  const there = REASONS.map((reason) => [reason, data.items.filter((one) => one.reason === reason).length] as const);
  return (
    <div className="reg-chips" role="group" aria-label={t("unlicensed.byReason")}>
      <span className="reg-num">{t(data.complete ? "unlicensed.firms" : "unlicensed.firmsAtLeast", { count: firms })}</span>
      {there.filter(([, count]) => count > 0).map(([reason, count]) => (
        <Link key={reason} to={to("/unlicensed", { reason: reason === chosen ? null : reason })}
          aria-current={reason === chosen ? "true" : undefined}>
          {t(`reason.${reason}`)} <strong className="reg-num">{count}</strong>
        </Link>
      ))}
    </div>
  );
}

function useColumns(open: (id: string) => void): NonNullable<TableProps<Unlicensed>["columns"]> {
  const { t } = useTranslation();
  return [
    {
      title: t("common.operator"),
      key: "name",
      render: (_, row) => (
        <Button type="link" className="reg-row-button" onClick={() => open(row.unlicensed_id)} aria-haspopup="dialog">
          {row.name}
        </Button>
      ),
    },
    { title: t("common.reason"), key: "reason", render: (_, row) => <><Mark tone="bad">{t(`reason.${row.reason}`)}</Mark>{row.since && <div className="reg-num">{t("unlicensed.sinceDay", { day: row.since })}</div>}</> },
    { title: t("common.area"), key: "areas", render: (_, row) => <Areas codes={row.area_codes} /> },
    {
      title: t("unlicensed.restsOn"),
      key: "evidence",
      responsive: ["md"],
      render: (_, row) =>
        t("unlicensed.evidenceCount", { licences: row.evidence.licence_ids.length, sites: row.evidence.site_ids.length }),
    },
    {
      title: t("unlicensed.fine"),
      key: "fine",
      responsive: ["lg"],
      render: (_, row) => <span className="reg-areas">{t(`basis.${basisOf(row.reason)}.fine`)}</span>,
    },
    {
      title: t("common.state"),
      key: "state",
      render: (_, row) => <Mark tone="unclear">{t(`unlicensedState.${row.state}`, { defaultValue: row.state })}</Mark>,
    },
  ];
}
