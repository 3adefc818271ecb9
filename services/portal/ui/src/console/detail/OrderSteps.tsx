/** What the crew does, step by step, as it happens; a late step says when it was done and when it came. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { OrderDetail } from "../../api/types";
import { clock, dateTime } from "../../look/time";
import { Link } from "react-router";
import { readOrder } from "../data/read";
import { useCrewName, useSiteName, useSites } from "../data/register";
import { History } from "../orders/History";
import { isUnderway } from "../orders/kinds";
import { OrderDeeds } from "../orders/OrderDeeds";
import { Left } from "../parts/Age";
import { areaName } from "../parts/areas";
import { Priority } from "../parts/Priority";
import { Shown } from "../parts/States";

const LATE_MS = 60_000;
const STAGES = ["opened_at", "accepted_at", "departed_at", "arrived_at", "closed_at"] as const;

interface Props {
  orderId: string;
  /** The order stands alone: it names its site and its alerts, which an alert has around it. */
  whole?: boolean;
}

export function OrderSteps({ orderId, whole = false }: Props): ReactNode {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["order", orderId], queryFn: () => readOrder(orderId), refetchInterval: 30_000 });
  return (
    <section className="panel">
      {!whole && <h2>{t("order.title")}</h2>}
      <Shown of={asked}>{(order) => (
        <>
          {whole ? <About order={order} /> : <p><Link to={`/orders?order=${orderId}`}>{t("orders.goTo")}</Link></p>}
          <OrderDeeds order={order} />
          <Order order={order} />
          {whole && <History order={order} />}
        </>
      )}</Shown>
    </section>
  );
}

/** Where it is and what for. */
function About({ order }: { order: OrderDetail }): ReactNode {
  const { t } = useTranslation();
  const site = useSites().get(order.site_id);
  const name = useSiteName()(order.site_id);
  return (
    <>
      <p className="row"><Priority of={order.priority} /> <strong><bdi>{name}</bdi></strong> {site && <span className="soft">{areaName(t, site.area_code)} · <bdi>{site.address}</bdi></span>} <Link to={`/map?site=${order.site_id}`}>{t("nav.map")}</Link></p>
      {site && site.contacts.length > 0 && <p className="row">{t("detail.contacts")} {site.contacts.map((one) => <a key={one.phone} href={`tel:${one.phone}`}><bdi>{one.name}</bdi> {one.phone}</a>)}</p>}
      {order.alert_ids.length > 0 && <p className="row">{t("nav.alerts")} {order.alert_ids.map((id, place) => <Link key={id} to={`/alerts?alert=${id}`}>{t("orders.alert", { number: place + 1 })}</Link>)}</p>}
    </>
  );
}

/** What an instrument showed; what is no number says nothing. */
function measured(reading: Record<string, unknown>): string {
  const values = [["lel_percent", "%LEL"], ["ppm", "ppm"]].flatMap(([name = "", unit]) => (typeof reading[name] === "number" ? [`${reading[name]} ${unit}`] : []));
  const serial = reading["instrument_serial"];
  return [...values, ...(typeof serial === "string" && serial ? [serial] : [])].join(" ");
}

function Order({ order }: { order: OrderDetail }): ReactNode {
  const { t } = useTranslation();
  const crew = useCrewName();
  return (
    <>
      <p className="row">
        <strong>{t(`orderKind.${order.kind}`)}</strong> <span>{t(`orderState.${order.state}`)}</span>
        {order.crew_id && <span>{t("order.crew")} <bdi>{crew(order.crew_id)}</bdi></span>}
        {isUnderway(order) && order.accept_by && !order.accepted_at && <span>{t("order.acceptWithin")} <Left until={order.accept_by} /></span>}
        {isUnderway(order) && order.arrive_by && !order.arrived_at && <span>{t("order.arriveWithin")} <Left until={order.arrive_by} /></span>}
      </p>
      <p className="wrap"><bdi>{order.text}</bdi></p>
      <ol className="loop" aria-label={t("order.title")}>
        {STAGES.map((stage) => (
          <li key={stage} className={`loop-step ${order[stage] ? "done" : "later"}`}>
            <strong><span aria-hidden="true">{order[stage] ? "✓" : "○"}</span> {t(stage === "closed_at" && order.state === "cancelled" ? "orderState.cancelled" : `order.stage.${stage}`)}</strong>
            {order[stage] && <time className="figure soft">{clock(order[stage])}</time>}
          </li>
        ))}
      </ol>
      {order.steps.length > 0 && (
        <ol className="timeline">
          {order.steps.map((step) => (
            <li key={step.step_id}>
              <time className="figure soft">{dateTime(step.device_time)}</time>
              <span>
                <strong>{t(`step.${step.step}`, { defaultValue: step.step })}</strong> · <bdi>{step.person}</bdi>
                {step.corrects && <> · {t("order.corrects", { at: clock(step.corrects) })}</>}
                {step.readings.map((reading, place) => <span key={place}> · {measured(reading)}</span>)}
                {step.attachment_ids.map((id, place) => <span key={id}> · <a href={`/api/v1/attachments/${id}/content`} target="_blank" rel="noreferrer">{t("order.photo", { number: place + 1 })}</a></span>)}
                {step.note && <> · <bdi>{step.note}</bdi></>}
                {Date.parse(step.received_at) - Date.parse(step.device_time) > LATE_MS && <small className="soft"> · {t("order.cameLate", { at: clock(step.received_at) })}</small>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
