/** The wall: large, read-only, for whoever looks up. It shows what nobody has acknowledged, and how old it is. */
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Value } from "../alerts/Cells";
import { PRIORITIES } from "../alerts/filters";
import { useCounts } from "../alerts/useRows";
import { useSiteName } from "../data/register";
import { useCell } from "../live/cell";
import { countSaid, emptyMeans } from "../live/known";
import { useAlertVersion, useLine, useLive } from "../live/LiveProvider";
import { inOrder } from "../live/rows";
import { Age } from "../parts/Age";
import { SHAPES } from "../parts/Priority";
import { LostBanner, NotReadBanner } from "../shell/Banners";
import { Clock, LineState } from "../shell/TopBar";
import "../alerts/alerts.css";
import "./wall.css";

const SHOWN = 12;
const EMPTY = { none: "wall.none", unknown: "wall.unknown", reading: "common.loading", notRead: "wall.notRead" } as const;

export default function WallPage(): ReactNode {
  const { t } = useTranslation();
  const { alerts, reading: asked } = useLive();
  const reading = useCell(asked);
  const version = useAlertVersion();
  const counts = useCounts();
  const name = useSiteName();
  const { state } = useLine();
  const top = useMemo(() => [...alerts.rows()].filter(({ alert }) => !alert.suppressed).sort(inOrder).slice(0, SHOWN), [alerts, version]);
  return (
    <main className={`wall ${state === "live" ? "" : "stale-values"}`}>
      <LostBanner />
      <NotReadBanner />
      <header className="wall-head">
        <h1>{t("shell.product")}</h1>
        <LineState />
        <Clock />
      </header>
      <ul className="wall-counts" aria-label={t("wall.counts")}>
        {PRIORITIES.map((priority) => {
          const count = counts.by[priority] ?? 0;
          return (
            <li key={priority} className={count > 0 ? `priority ${priority.toLowerCase()} flashing` : "wall-quiet"}>
              <span aria-hidden="true">{SHAPES[priority]}</span> {t(`priority.${priority}`)} <strong className="figure">{countSaid(count, reading)}</strong>
            </li>
          );
        })}
        <li className="wall-quiet">{t("wall.open")} <strong className="figure">{countSaid(counts.open, reading)}</strong></li>
        {counts.shelved > 0 && <li className="wall-quiet">{t("alerts.tab.shelved")} <strong className="figure">{counts.shelved}</strong></li>}
      </ul>
      {top.length === 0 ? (
        <p className="wall-none">{t(EMPTY[emptyMeans(state, reading)])}</p>
      ) : (
        <ol className="wall-list">
          {top.map(({ id, alert }) => (
            <li key={id} className={alert.acknowledged ? "is-known" : ""}>
              <span className={`priority ${alert.priority.toLowerCase()}${alert.acknowledged ? "" : " flashing"}`}><span aria-hidden="true">{SHAPES[alert.priority]}</span>{t(`priority.${alert.priority}`)}</span>
              <span className="wall-what">{t(`rule.${alert.rule}`)}<small><bdi>{name(alert.site_id)}</bdi> · {alert.zone}</small></span>
              <Value alert={alert} />
              <Age from={alert.opened_at} />
            </li>
          ))}
        </ol>
      )}
    </main>
  );
}
