import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { type Scope, useTo } from "../address";
import { useUnderway } from "../data/lists";
import { type Late, lateBy, overdue } from "../orders/late";
import { Card } from "./Card";

const KINDS = ["accept", "arrive"] as const satisfies readonly Late[];

export function OverdueCard({ scope }: { scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const query = useUnderway(scope.area);
  return (
    <Card<Order>
      kind="overdue"
      query={query}
      find={(rows) => {
        const now = query.dataUpdatedAt;
        const late = overdue(rows, now);
        return {
          count: late.length,
          of: rows.filter((row) => !row.reserved).length,
          to: to("/orders"),
          parts: KINDS.map((kind) => ({
            text: t(`orders.lateWhat.${kind}`),
            count: late.filter((order) => lateBy(order, now).some((one) => one.what === kind)).length,
            to: to("/orders"),
          })),
        };
      }}
    />
  );
}
