/** One site on a small map. */
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../api/types";
import L from "leaflet";
import { areaName } from "../parts/areas";
import { Loading } from "../parts/States";
import { useTheme } from "../shell/theme";
import { Caption } from "./Caption";
import { lay, newMap, useGround, zoomOf } from "./ground";
import { alertMark } from "./marks";

export default function Place({ site, priority }: { site: Site; priority: string }): ReactNode {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const ground = useGround();
  const [theme] = useTheme();
  const { longitude, latitude, name } = site;
  useEffect(() => {
    if (!place.current || !ground) return undefined;
    const map = newMap(place.current, { scrollWheelZoom: false });
    const laid = lay(map, ground, theme === "dark", (code) => areaName(t, code));
    const at = laid({ longitude, latitude });
    map.setView(at, zoomOf(ground).place);
    L.marker(at, { icon: alertMark(priority, 1, name), interactive: false, keyboard: false }).addTo(map);
    return () => {
      map.remove();
    };
  }, [ground, theme, longitude, latitude, name, priority, t]);
  if (!ground) return <Loading />;
  return (
    <>
      <div ref={place} className="small-map" role="application" aria-label={t("map.placeOf", { name })} />
      <p className="figure soft">WGS-84 {latitude.toFixed(5)}, {longitude.toFixed(5)}</p>
      <Caption ground={ground} />
    </>
  );
}
