/** Who must have alarm and valve and has not: what each lacks. */
import type { TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CoverageMissing } from "../../api/types";
import { oneOf, useFilters, useScope } from "../address";
import { type MissingFilters, readMissing } from "../data/lists";
import { useOperatorName } from "../data/one";
import { Areas, Mark, OperatorLink, SiteLink } from "../parts/Bits";
import { Also, Bar, Choice, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { ViewHead } from "../parts/What";
import { SITE_KINDS } from "../sites/kinds";
import { LACKS } from "./rollup";

/** Homes are encouraged, not obliged. */
const OBLIGED_KINDS = SITE_KINDS.filter((kind) => kind !== "residential");

export function MissingView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter } = useFilters();
  const operatorName = useOperatorName();
  const filters: MissingFilters = {
    q: filter("q"),
    reason: oneOf(LACKS, filter("reason")),
    kind: oneOf(OBLIGED_KINDS, filter("kind")),
    operator_id: filter("operator_id"),
  };
  return (
    <>
      <ViewHead view="missing" words={["obliged", "detector", "valve", "life"]} />
      <Bar>
        <Search />
        <Choice name="reason" label={t("missing.lacks")} values={LACKS} word={(one) => t(`missingReason.${one}`)} />
        <Choice name="kind" label={t("sites.kind")} values={OBLIGED_KINDS} word={(one) => t(`siteKind.${one}`)} />
        {filters.operator_id && <Also name="operator_id" text={operatorName(filters.operator_id)} />}
        <Export resource="coverage:missing" scope={scope} filters={{ ...filters }} />
      </Bar>
      <Paged<CoverageMissing>
        of={["missing", scope, filters]}
        read={(at) => readMissing(scope, filters, at)}
        columns={useColumns()}
        rowKey={(row) => row.site_id}
        empty={t("missing.empty")}
        label={t("view.missing.title")}
      />
    </>
  );
}

function useColumns(): NonNullable<TableProps<CoverageMissing>["columns"]> {
  const { t } = useTranslation();
  return [
    { title: t("common.site"), key: "site", render: (_, row) => <SiteLink id={row.site_id} name={row.name} /> },
    {
      title: t("missing.lacks"),
      key: "reasons",
      render: (_, row) => row.reasons.map((reason) => <Mark key={reason} tone="bad">{t(`missingReason.${reason}`)}</Mark>),
    },
    { title: t("sites.kind"), key: "kind", responsive: ["md"], render: (_, row) => t(`siteKind.${row.kind}`) },
    { title: t("common.area"), key: "area", render: (_, row) => <Areas codes={[row.area_code]} /> },
    {
      title: t("common.operator"),
      key: "operator",
      responsive: ["md"],
      render: (_, row) => <OperatorLink id={row.operator_id} name={row.operator_name ?? row.operator_id} />,
    },
  ];
}
