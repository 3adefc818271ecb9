/** Dispatch orders that nobody accepted in time, or where nobody arrived in time. */
import { Alert, type TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { age, dateTime } from "../../look/time";
import { useScope } from "../address";
import { useOverdue } from "../data/lists";
import { useOperatorName, useSite } from "../data/one";
import { Areas, Mark, OperatorLink, SiteLink } from "../parts/Bits";
import { Rows } from "../parts/Paged";
import { Freshness, Incomplete, Shown } from "../parts/States";
import { ViewHead } from "../parts/What";
import { byUrgency, lateBy } from "../../look/late";

const SHAPES: Record<string, string> = { P1: "◆", P2: "▲", P3: "■", P4: "●" };

export function OverdueView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const query = useOverdue(scope.area);
  const now = query.dataUpdatedAt;
  return (
    <>
      <ViewHead view="orders" words={["order", "overdueOrder", "priority"]} />
      {(scope.at || scope.knownAt) && <Alert className="reg-when" type="info" showIcon title={t("orders.nowOnly")} />}
      <Shown query={query} rows={6}>
        {(all) => (
          <>
            <Incomplete complete={all.complete} read={all.items.length} />
            <p className="reg-num">{t("orders.underway", { count: all.underway })}</p>
            <Late orders={byUrgency(all.items, now)} now={now} />
            <Freshness asked={query} />
          </>
        )}
      </Shown>
    </>
  );
}

function Late({ orders, now }: { orders: Order[]; now: number }): ReactNode {
  const { t } = useTranslation();
  const columns = useColumns(now);
  return <Rows<Order> rows={orders} columns={columns} rowKey={(row) => row.order_id} empty={t("orders.empty")} label={t("view.orders.title")} />;
}

function useColumns(now: number): NonNullable<TableProps<Order>["columns"]> {
  const { t } = useTranslation();
  const operatorName = useOperatorName();
  return [
    { title: t("common.site"), key: "site", render: (_, row) => <SiteOf id={row.site_id} /> },
    {
      title: t("orders.late"),
      key: "late",
      render: (_, row) =>
        lateBy(row, now).map(({ what, since }) => (
          <div key={what}><Mark tone="bad">{t(`lateBy.${what}`, { age: age(since, now) })}</Mark></div>
        )),
    },
    {
      title: t("common.priority"),
      key: "priority",
      render: (_, row) => <span><span aria-hidden="true">{SHAPES[row.priority]}</span> {t(`priority.${row.priority}`)}</span>,
    },
    { title: t("common.state"), key: "state", render: (_, row) => t(`orderState.${row.state}`) },
    { title: t("orders.kind"), key: "kind", responsive: ["lg"], render: (_, row) => t(`orderKind.${row.kind}`) },
    { title: t("orders.opened"), key: "opened", responsive: ["md"], render: (_, row) => <span className="reg-num">{dateTime(row.opened_at)}</span> },
    { title: t("common.area"), key: "area", responsive: ["md"], render: (_, row) => <Areas codes={[row.area_code]} /> },
    {
      title: t("common.operator"),
      key: "operator",
      responsive: ["lg"],
      render: (_, row) => <OperatorLink id={row.operator_id} name={operatorName(row.operator_id)} />,
    },
  ];
}

function SiteOf({ id }: { id: string }): ReactNode {
  const { data } = useSite(id, { area: "", at: "", knownAt: "" });
  return <SiteLink id={id} name={data?.name} />;
}
