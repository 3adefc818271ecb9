/** Every place where gas is used or handled. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../api/types";
import { oneOf, useFilters, useScope } from "../address";
import { type SiteFilters, readSites } from "../data/lists";
import { useOperatorName } from "../data/one";
import { Also, Bar, Choice, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { ViewHead } from "../parts/What";
import { useSiteColumns } from "./columns";
import { APPROVALS, FLAGS, SITE_KINDS } from "./kinds";

export function SitesView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter } = useFilters();
  const operatorName = useOperatorName();
  const filters: SiteFilters = {
    q: filter("q"),
    kind: oneOf(SITE_KINDS, filter("kind")),
    obliged: oneOf(FLAGS, filter("obliged")),
    planning_approval: oneOf(APPROVALS, filter("planning_approval")),
    operator_id: filter("operator_id"),
  };
  return (
    <>
      <ViewHead view="sites" words={["site", "obliged", "planning", "autoClose"]} />
      <Bar>
        <Search />
        <Choice name="kind" label={t("sites.kind")} values={SITE_KINDS} word={(one) => t(`siteKind.${one}`)} />
        <Choice name="obliged" label={t("sites.obliged")} values={FLAGS} word={(one) => t(one === "true" ? "common.yes" : "common.no")} />
        <Choice name="planning_approval" label={t("sites.approval")} values={APPROVALS} word={(one) => t(`sites.approvalIs.${one}`)} />
        {filters.operator_id && <Also name="operator_id" text={operatorName(filters.operator_id)} />}
        <Export resource="sites" scope={scope} filters={{ ...filters }} />
      </Bar>
      <Paged<Site>
        of={["sites", scope, filters]}
        read={(at) => readSites(scope, filters, at)}
        columns={useSiteColumns()}
        rowKey={(row) => row.site_id}
        empty={t("sites.empty")}
        label={t("view.sites.title")}
      />
    </>
  );
}
