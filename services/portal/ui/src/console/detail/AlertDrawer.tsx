/** One alert whole: what it is, what to do, what was done. It stands in the address as `?alert=`. */
import { useQuery } from "@tanstack/react-query";
import { Drawer } from "antd";
import { type ReactNode, Suspense, lazy } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Alert } from "../../api/types";
import { dateTime } from "../../look/time";
import { States } from "../alerts/Cells";
import { readAlert } from "../data/read";
import { useSiteName, useSites } from "../data/register";
import { useAlertVersion, useLive } from "../live/LiveProvider";
import { Age } from "../parts/Age";
import { areaName } from "../parts/areas";
import { Priority } from "../parts/Priority";
import { Failed, Loading } from "../parts/States";
import { useMay } from "../shell/me";
import { Actions } from "./Actions";
import { Earlier } from "./Earlier";
import { Measured } from "./Measured";
import { OrderSteps } from "./OrderSteps";
import { Procedure } from "./Procedure";
import { Timeline } from "./Timeline";
import { ValveLoops } from "./ValveLoops";
import "./detail.css";

const Trend = lazy(() => import("./Trend"));
const Place = lazy(() => import("../map/Place"));
const WIDTH_PX = 760;

export function AlertDrawer(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const id = params.get("alert");
  const close = (): void =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      next.delete("alert");
      return next;
    });
  if (id === null) return null;
  return (
    <Drawer open onClose={close} size={Math.min(WIDTH_PX, window.innerWidth)} mask={false} getContainer={false} rootStyle={{ position: "absolute" }} title={t("detail.title")} className="detail" aria-label={t("detail.title")}>
      <Known key={id} id={id} />
    </Drawer>
  );
}

/** The live list knows it already, or it is asked for. */
function Known({ id }: { id: string }): ReactNode {
  const live = useLive();
  useAlertVersion();
  const row = live.alerts.row(id);
  const asked = useQuery({ queryKey: ["alert", id], queryFn: () => readAlert(id), enabled: row === undefined });
  const alert = row?.alert ?? asked.data;
  if (alert) return <Detail alert={alert} />;
  return asked.error ? <Failed error={asked.error} again={() => void asked.refetch()} /> : <Loading />;
}

function Detail({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  const site = useSites().get(alert.site_id);
  const name = useSiteName()(alert.site_id);
  return (
    <div className="stack">
      <header>
        <h2 className="row"><Priority of={alert.priority} flashing={!alert.acknowledged && !alert.suppressed} /> {alert.rule} {t(`rule.${alert.rule}`)}</h2>
        <p className="wrap">
          <strong><bdi>{name}</bdi></strong>{" "}
          {site && <span className="soft">{t(`siteKind.${site.kind}`)} · {areaName(t, site.area_code)} · <bdi>{site.address}</bdi></span>}
        </p>
        <p className="row">
          <span>{t("alerts.zone")} <bdi>{alert.zone || "–"}</bdi></span>
          <span>{t("alerts.opened")} <span className="figure">{dateTime(alert.opened_at)}</span></span>
          <span>{t("alerts.age")} <Age from={alert.opened_at} /></span>
          <States alert={alert} />
        </p>
        {site && site.contacts.length > 0 && (
          <p className="row">
            {t("detail.contacts")}
            {site.contacts.map((one) => <a key={one.phone} href={`tel:${one.phone}`}><bdi>{one.name}</bdi> {one.phone}</a>)}
          </p>
        )}
      </header>
      <Actions alert={alert} />
      <Measured alert={alert} site={site} />
      <section className="panel"><h2>{t("detail.trend")}</h2><Suspense fallback={<Loading />}><Trend alert={alert} /></Suspense></section>
      <Procedure alert={alert} site={site} />
      {may("seeValves") && <ValveLoops alert={alert} />}
      {alert.order_id && <OrderSteps orderId={alert.order_id} />}
      {site && <section className="panel"><h2>{t("detail.place")}</h2><Suspense fallback={<Loading />}><Place site={site} priority={alert.priority} /></Suspense></section>}
      <Timeline alert={alert} />
      <Earlier alert={alert} />
    </div>
  );
}
