/** Orders in rows; what is late says since when, in words and not by colour alone. */
import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { isLate, lateBy } from "../../look/late";
import { age, dateTime } from "../../look/time";
import { useCrewName, useSiteName } from "../data/register";
import { Left } from "../parts/Age";
import { Priority } from "../parts/Priority";

interface Props {
  orders: readonly Order[];
  /** When to judge what is late; null for orders that have ended. */
  now: number | null;
  choose: (id: string) => void;
}

export function OrderTable({ orders, now, choose }: Props): ReactNode {
  const { t } = useTranslation();
  const site = useSiteName();
  const crew = useCrewName();
  return (
    <div className="panel scroll" tabIndex={0}>
      <table className="plain">
        <thead><tr><th>{t("common.priority")}</th><th>{t("common.state")}</th><th>{t("common.site")}</th><th>{t("order.crew")}</th>{now !== null && <th>{t("orders.due")}</th>}<th>{t("dispatch.kind")}</th><th>{t("dispatch.text")}</th><th>{t(now === null ? "orders.ended" : "orders.opened")}</th></tr></thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.order_id}>
              <td><Priority of={order.priority} /></td>
              <td className={order.state === "open" ? "bad nowrap" : "nowrap"}>{t(`orderState.${order.state}`)}{order.test && <small className="soft"> · {t("notices.mark.test")}</small>}</td>
              <td><Button type="link" size="small" className="in-row" onClick={() => choose(order.order_id)}><bdi>{site(order.site_id)}</bdi></Button></td>
              <td>{order.crew_id ? <bdi>{crew(order.crew_id)}</bdi> : "–"}</td>
              {now !== null && <td><Due order={order} now={now} /></td>}
              <td className="nowrap">{t(`orderKind.${order.kind}`)}</td>
              <td className="handover-text"><bdi>{order.text}</bdi></td>
              <td className="figure nowrap">{dateTime(now === null ? (order.closed_at ?? order.updated_at) : order.opened_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What it waits for next, and how long yet. */
function Due({ order, now }: { order: Order; now: number }): ReactNode {
  const { t } = useTranslation();
  if (isLate(order, now)) {
    return lateBy(order, now).map(({ what, since }) => <div key={what} className="bad"><span aria-hidden="true">!</span> {t(`lateBy.${what}`, { age: age(since, now) })}</div>);
  }
  if (order.accept_by && !order.accepted_at) return <>{t("order.acceptWithin")} <Left until={order.accept_by} /></>;
  if (order.arrive_by && !order.arrived_at) return <>{t("order.arriveWithin")} <Left until={order.arrive_by} /></>;
  return "–";
}
