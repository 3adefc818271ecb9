/** Sites as rows: the same in the inventory and below an operator. */
import type { TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../api/types";
import { Areas, Mark, OperatorLink, SiteLink } from "../parts/Bits";
import { needsApproval } from "./kinds";

export function useSiteColumns({ ofOne = false } = {}): NonNullable<TableProps<Site>["columns"]> {
  const { t } = useTranslation();
  const operator = {
    title: t("common.operator"),
    key: "operator",
    render: (_: unknown, row: Site) => <OperatorLink id={row.operator_id} name={row.operator_name ?? row.operator_id} />,
  };
  return [
    { title: t("common.site"), key: "site", render: (_, row) => <SiteLink id={row.site_id} name={row.name} /> },
    { title: t("sites.kind"), key: "kind", render: (_, row) => t(`siteKind.${row.kind}`) },
    ...(ofOne ? [] : [operator]),
    { title: t("common.area"), key: "area", responsive: ["md"], render: (_, row) => <Areas codes={[row.area_code]} /> },
    { title: t("sites.obliged"), key: "obliged", responsive: ["lg"], render: (_, row) => t(row.obliged ? "common.yes" : "common.no") },
    { title: t("sites.approval"), key: "approval", responsive: ["lg"], render: (_, row) => <Approval site={row} /> },
    { title: t("sites.address"), key: "address", responsive: ["xl"], render: (_, row) => <span className="reg-long">{row.address}</span> },
  ];
}

/** A station's planning approval; its lack is a reason of its own to be listed. */
export function Approval({ site }: { site: Site }): ReactNode {
  const { t } = useTranslation();
  if (!needsApproval(site)) return <span className="reg-quiet">{t("sites.approvalIs.not_needed")}</span>;
  if (!site.planning_approval) return <Mark tone="bad">{t("sites.approvalIs.missing")}</Mark>;
  return <span className="reg-code">{site.planning_approval}</span>;
}
