/** All sites on one map: quiet ones as dots on a canvas, those with alerts by shape, many together as a number. */
import L from "leaflet";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../api/types";
import type { Row } from "../live/rows";
import { areaName } from "../parts/areas";
import { useTheme } from "../shell/theme";
import { type Ground, type Laid, lay, newMap, zoomOf } from "./ground";
import { alertMark, chosenMark, clusterMark } from "./marks";
import { waitToDraw } from "./pace";
import { type Clusters, QUIET, gather } from "./points";
import { worstOf } from "./useSiteAlerts";

interface Props {
  ground: Ground;
  sites: readonly Site[];
  alerts: ReadonlyMap<string, Row[]>;
  focus: Site | null;
  onSite: (siteId: string) => void;
}
interface Standing {
  map: L.Map;
  laid: Laid;
  marks: L.LayerGroup;
  dots: L.Renderer;
}
/** What a mark says to whoever cannot see it. */
interface Words {
  site: (name: string, alerts: number) => string;
  sites: (sites: number, alerts: number) => string;
}
/** Yunnan, where nothing else says where to look. */
const YUNNAN: L.LatLngTuple = [25, 102];
// One closer than the last that gathers: whoever asks for a site must see it, and no number.
const CLOSE_ZOOM = 16;

export function SiteMap({ ground, sites, alerts, focus, onSite }: Props): ReactNode {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const [standing, setStanding] = useState<Standing | null>(null);
  const [theme] = useTheme();
  const pick = useRef(onSite);
  pick.current = onSite;
  const drawnAt = useRef<number | null>(null);

  useEffect(() => {
    if (!place.current) return undefined;
    const map = newMap(place.current, { center: YUNNAN, zoom: 6, zoomSnap: ground.tiles ? 1 : 0.25 });
    const laid = lay(map, ground, theme === "dark", (code) => areaName(t, code));
    drawnAt.current = null;
    setStanding({ map, laid, marks: L.layerGroup().addTo(map), dots: L.canvas() });
    const resized = new ResizeObserver(() => map.invalidateSize());
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      setStanding(null);
      map.remove();
    };
  }, [ground, theme, t]);

  // Where the sites are is where to look first.
  const count = sites.length;
  useEffect(() => {
    if (!standing || count === 0) return;
    standing.map.fitBounds(L.latLngBounds(sites.map((site) => standing.laid(site))).pad(0.1), { maxZoom: zoomOf(ground).sites });
  }, [standing, count]);

  useEffect(() => {
    if (!standing || !focus) return undefined;
    const at = standing.laid(focus);
    standing.map.setView(at, zoomOf(ground).site);
    const mark = L.marker(at, { icon: chosenMark(focus.name), interactive: false, keyboard: false, zIndexOffset: 2_000 }).addTo(standing.map);
    return () => void mark.remove();
  }, [standing, focus]);

  useEffect(() => {
    if (!standing) return undefined;
    let clusters: Clusters | null = null;
    const words: Words = { site: (name, count) => t("map.mark", { name, count }), sites: (sites, count) => t("map.cluster", { sites, count }) };
    const show = (): void => {
      // Only what is drawn is gathered: most changes are followed by others before their turn comes.
      clusters ??= gather(sites, standing.laid, (id) => ({ worst: worstOf(alerts.get(id)), alerts: alerts.get(id)?.length ?? 0 }));
      draw(standing, clusters, words, (id) => pick.current(id));
      if (sites.length > 0) drawnAt.current = performance.now();
    };
    const timer = setTimeout(show, waitToDraw(performance.now(), drawnAt.current));
    standing.map.on("moveend", show);
    return () => {
      clearTimeout(timer);
      standing.map.off("moveend", show);
    };
  }, [standing, sites, alerts, t]);

  return <div ref={place} className="site-map" role="application" aria-label={t("nav.map")} />;
}

function draw({ map, marks, dots }: Standing, clusters: Clusters, words: Words, pick: (id: string) => void): void {
  const box = map.getBounds().pad(0.2);
  marks.clearLayers();
  for (const { geometry, properties, id } of clusters.getClusters([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()], Math.floor(map.getZoom()))) {
    const at: L.LatLngTuple = [geometry.coordinates[1] ?? 0, geometry.coordinates[0] ?? 0];
    const worst = properties.worst === QUIET ? null : properties.worst;
    if ("cluster" in properties) {
      const closer = (): void => void map.setView(at, Math.min(CLOSE_ZOOM, clusters.getClusterExpansionZoom(Number(id))));
      const name = words.sites(properties.point_count, properties.alerts);
      marks.addLayer(L.marker(at, { icon: clusterMark(properties.point_count, worst, name), title: name, zIndexOffset: worst ? 1_000 : 0 }).on("click", closer));
    } else if (worst) {
      const name = words.site(properties.name, properties.alerts);
      marks.addLayer(L.marker(at, { icon: alertMark(worst, properties.alerts, name), title: name, zIndexOffset: 1_000 }).on("click", () => pick(properties.siteId)));
    } else {
      const dot = L.circleMarker(at, { renderer: dots, radius: 5, weight: 1, color: "#6b7582", fillColor: "#8a93a1", fillOpacity: 0.9 });
      marks.addLayer(dot.on("click", () => pick(properties.siteId)));
    }
  }
}
