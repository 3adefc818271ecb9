import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { type Scope, useTo } from "../address";
import { useOverdue } from "../data/lists";
import { LATE, lateBy } from "../../look/late";
import { Card } from "./Card";

export function OverdueCard({ scope }: { scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const query = useOverdue(scope.area);
  return (
    <Card<Order>
      kind="overdue"
      query={query}
      find={(rows) => {
        const now = query.dataUpdatedAt;
        return {
          count: rows.length,
          of: query.data?.underway ?? rows.length,
          to: to("/orders"),
          parts: LATE.map((kind) => ({
            text: t(`orders.lateWhat.${kind}`),
            count: rows.filter((order) => lateBy(order, now).some((one) => one.what === kind)).length,
            to: to("/orders"),
          })),
        };
      }}
    />
  );
}
