/** Where it leaks: sites and alerts on a map, with a list beside it that says the same to whoever cannot see it. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Value } from "../alerts/Cells";
import { readSites } from "../data/read";
import { useLine } from "../live/LiveProvider";
import type { Row } from "../live/rows";
import { Age } from "../parts/Age";
import { areaName } from "../parts/areas";
import { Page } from "../parts/Page";
import { Priority } from "../parts/Priority";
import { Failed, Loading, Nothing } from "../parts/States";
import { Caption } from "./Caption";
import { useGround } from "./ground";
import { SiteMap } from "./SiteMap";
import { useSiteAlerts, worstOf } from "./useSiteAlerts";

const LISTED = 100;

export default function MapPage(): ReactNode {
  const { t } = useTranslation();
  const ground = useGround();
  const sites = useQuery({ queryKey: ["sites"], queryFn: readSites, staleTime: 300_000 });
  const alerts = useSiteAlerts();
  const [params, setParams] = useSearchParams();
  const { state } = useLine();
  const chosen = params.get("site");
  const focus = useMemo(() => sites.data?.find((site) => site.site_id === chosen) ?? null, [sites.data, chosen]);
  const set = (name: "site" | "alert", value: string | null): void =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const listed = useMemo(
    () => (sites.data ?? []).filter((site) => alerts.has(site.site_id)).map((site) => ({ site, rows: alerts.get(site.site_id) ?? [] }))
      .sort((one, other) => (worstOf(one.rows) ?? "").localeCompare(worstOf(other.rows) ?? "") || (other.rows[0]?.openedMs ?? 0) - (one.rows[0]?.openedMs ?? 0)),
    [sites.data, alerts],
  );
  if (sites.error && !sites.data) return <Page screen="map"><Failed error={sites.error} again={() => void sites.refetch()} /></Page>;
  if (!ground || !sites.data) return <Page screen="map"><Loading /></Page>;
  return (
    <Page screen="map" full>
      <div className={`fill map-and-list ${state === "live" ? "" : "stale-values"}`}>
        <div className="map-column">
          <SiteMap ground={ground} sites={sites.data} alerts={alerts} focus={focus} onSite={(id) => set("site", id)} />
          <Caption ground={ground} />
        </div>
        <aside className="panel map-list" aria-label={t("map.list")}>
          {focus && (
            <section>
              <h2><bdi>{focus.name}</bdi></h2>
              <p className="soft wrap">{t(`siteKind.${focus.kind}`)} · {areaName(t, focus.area_code)} · <bdi>{focus.address}</bdi></p>
              {alerts.has(focus.site_id) ? <Rows rows={alerts.get(focus.site_id) ?? []} open={(id) => set("alert", id)} /> : <p>{t("map.quiet")}</p>}
              <hr />
            </section>
          )}
          <h2>{t("map.withAlerts", { count: listed.length })}</h2>
          {listed.length === 0 && <Nothing words={t("map.none")} />}
          <ul className="plain-list">
            {listed.slice(0, LISTED).map(({ site, rows }) => (
              <li key={site.site_id}>
                <button type="button" className="as-link" onClick={() => set("site", site.site_id)}>
                  <Priority of={worstOf(rows) ?? "P4"} flashing={rows.some(({ alert }) => !alert.acknowledged)} /> <bdi>{site.name}</bdi> {rows.length > 1 && <span className="soft">×{rows.length}</span>}
                </button>
              </li>
            ))}
          </ul>
          {listed.length > LISTED && <p className="soft">{t("map.andMore", { count: listed.length - LISTED })}</p>}
        </aside>
      </div>
    </Page>
  );
}

function Rows({ rows, open }: { rows: readonly Row[]; open: (id: string) => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <ul className="plain-list">
      {rows.map(({ id, alert }) => (
        <li key={id}>
          <button type="button" className="as-link" onClick={() => open(id)}>
            <Priority of={alert.priority} flashing={!alert.acknowledged} /> {t(`rule.${alert.rule}`)} <Value alert={alert} /> <Age from={alert.opened_at} />
          </button>
        </li>
      ))}
    </ul>
  );
}
