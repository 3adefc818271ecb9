/** My orders: the one being worked on first, then the newest. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { age, dateTime } from "../../look/time";
import { useField } from "../field";
import { Age, Nothing, PriorityMark, To, useNow } from "../look";
import { serverNow } from "../outbox/ask";
import { stateWith } from "../outbox/outbox";
import { isEnded, sorted } from "./useOrders";

export function OrderList(): ReactNode {
  const { t } = useTranslation();
  const { orders, entries } = useField();
  if (orders.value === null) return <section><h1>{t("field.myOrders")}</h1><Nothing seen={orders} reload={orders.reload} /></section>;
  const stateOf = (order: Order): string => stateWith(order.state, order.order_id, entries);
  const all = sorted(orders.value, stateOf);
  const open = all.filter((order) => !isEnded(stateOf(order)));
  const ended = all.filter((order) => isEnded(stateOf(order)));
  return (
    <section aria-labelledby="orders-title">
      <h1 id="orders-title">{t("field.myOrders")}</h1>
      <Age seen={orders} />
      {open.length === 0 && <p className="empty">{t("field.noOrders")}</p>}
      <ul className="cards">{open.map((order, place) => <Card key={order.order_id} order={order} first={place === 0} />)}</ul>
      {ended.length > 0 && (
        <>
          <h2>{t("field.endedOrders")}</h2>
          <ul className="cards">{ended.map((order) => <Card key={order.order_id} order={order} first={false} />)}</ul>
        </>
      )}
    </section>
  );
}

function Card({ order, first }: { order: Order; first: boolean }): ReactNode {
  const { t } = useTranslation();
  const { entries } = useField();
  const mine = entries.filter((entry) => entry.order_id === order.order_id);
  const waiting = mine.filter((entry) => entry.state === "waiting").length;
  const refused = mine.filter((entry) => entry.state === "refused").length;
  const state = stateWith(order.state, order.order_id, entries);
  return (
    <li>
      <To to={{ order: order.order_id }} className={`card${first ? " first" : ""}${isEnded(state) ? " ended" : ""}`}>
        <span className="row">
          <PriorityMark priority={order.priority} />
          <strong className={`state ${state}`}>{t(`orderState.${state}`)}</strong>
        </span>
        <span className="text">{order.text}</span>
        <span className="hint">{t(`orderKind.${order.kind}`)} · {dateTime(order.opened_at)}</span>
        <Deadline order={order} state={state} />
        {waiting > 0 && <span className="tag waiting">{t("field.waitingN", { count: waiting })}</span>}
        {refused > 0 && <span className="tag refused">{t("field.refusedN", { count: refused })}</span>}
      </To>
    </li>
  );
}

/** How long there is to accept or to arrive, by the server's clock. */
export function Deadline({ order, state }: { order: Order; state: string }): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  const accepting = state === "assigned" && order.accept_by !== null;
  const by = accepting ? order.accept_by : order.arrive_by;
  if (by === null || isEnded(state) || state === "on_site") return null;
  const at = serverNow() ?? now;
  const due = Date.parse(by);
  const left = due - at;
  const key = `field.${accepting ? "accept" : "arrive"}${left >= 0 ? "Within" : "Late"}`;
  const span = left >= 0 ? age(at, due) : age(due, at);
  return <span className={`deadline${left < 0 ? " late" : ""}`}>{t(key, { span })}</span>;
}
