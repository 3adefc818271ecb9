/** One order: what it is, where, what was done, and the one large button for what comes next. */
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { dateTime } from "../../look/time";
import { useField } from "../field";
import { Age, Nothing, PriorityMark, To } from "../look";
import { stateWith } from "../outbox/outbox";
import { Deadline } from "../orders/OrderList";
import { isEnded } from "../orders/useOrders";
import { Alerts } from "./Alerts";
import { History } from "./History";
import { NextStep } from "./NextStep";
import { Where } from "./Where";
import { useDetail } from "./data";
import { merged, reported } from "./merged";

export function OrderPage({ orderId }: { orderId: string }): ReactNode {
  const { t } = useTranslation();
  const { orders, entries, me } = useField();
  const detail = useDetail(orderId);
  const listed = orders.value?.find((order) => order.order_id === orderId);
  // The list is live, the detail has the history: the newer of the two says how the order stands.
  const order: Order | null = newer(listed ?? null, detail.value);
  const title = useId();
  if (!order) return <section><Back /><Nothing seen={detail} reload={detail.reload} /></section>;
  const mine = entries.filter((entry) => entry.order_id === orderId && entry.user === me.username);
  const all = merged(detail.value?.steps ?? [], detail.value?.timeline ?? [], mine);
  const state = stateWith(order.state, orderId, mine);
  const isMine = order.crew_id === me.crew_id;
  return (
    <section className="order" aria-labelledby={title}>
      <Back />
      <div className="row">
        <PriorityMark priority={order.priority} />
        <strong className={`state ${state}`}>{t(`orderState.${state}`)}</strong>
      </div>
      <h1 id={title} className="text">{order.text}</h1>
      <p className="hint">{t(`orderKind.${order.kind}`)} · {t("field.openedAt", { time: dateTime(order.opened_at) })}</p>
      <p className="hint mono">{t("field.orderNo", { id: order.order_id })}</p>
      <Deadline order={order} state={state} />
      {!isMine && <p className="notice warn" role="status">{t("field.notYours")}</p>}
      <Where siteId={order.site_id} />
      <Alerts order={order} state={state} />
      <Age seen={detail} />
      <History order={order} all={all} canCorrect={!isEnded(state) || isMine} />
      <NextStep order={order} state={state} reported={reported(all)} isMine={isMine} />
    </section>
  );
}

function newer<T extends { revision: number }>(a: T | null, b: T | null): T | null {
  if (!a || !b) return a ?? b;
  return a.revision >= b.revision ? a : b;
}

function Back(): ReactNode {
  const { t } = useTranslation();
  return <p className="back"><To to={{}} className="plain">‹ {t("field.myOrders")}</To></p>;
}
