/** The counties, coloured by coverage; without the file of borders the table beside it says the same. */
import { useQuery } from "@tanstack/react-query";
import type { Feature, FeatureCollection } from "geojson";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useTo } from "../address";
import { covers, useAreaName } from "../areas";
import { percent } from "../parts/Bits";
import { Nothing, Waiting } from "../parts/States";
import { useTheme } from "../shell/theme";
import { Legend } from "./Legend";
import { fill, stroke } from "./colours";
import { type Tally, named } from "./rollup";

type Borders = FeatureCollection & { review?: string };
const LABELS_MAX = 16;

/** Null where the file is not installed: what answers then may be a page. */
async function readBorders(): Promise<Borders | null> {
  const response = await fetch("/static/borders.json");
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return null;
  const found = (await response.json()) as Partial<Borders>;
  return found.type === "FeatureCollection" && Array.isArray(found.features) ? (found as Borders) : null;
}

function codeOf(feature: Feature): string {
  return String(feature.properties?.["adcode"] ?? "");
}

/** As the catalogue calls it; the file names counties that the catalogue does not know. */
function nameOf(feature: Feature, name: (code: string) => string): string {
  const code = codeOf(feature);
  const known = name(code);
  return known === code ? String(feature.properties?.["name"] ?? code) : known;
}

interface Shows {
  counties: readonly Tally[];
  area: string;
  target: number;
}

export default function CoverageMap(shows: Shows): ReactNode {
  const { t } = useTranslation();
  const { data, isPending } = useQuery({ queryKey: ["borders"], queryFn: readBorders, staleTime: Infinity, retry: false });
  if (isPending) return <Waiting rows={8} />;
  const inside = data?.features.filter((feature) => covers(shows.area, codeOf(feature))) ?? [];
  if (!data || inside.length === 0) return <Nothing text={t("map.none")} />;
  return (
    <figure className="reg-map-figure">
      <Drawn {...shows} features={inside} />
      <figcaption>
        <Legend target={shows.target} />
        {data.review && <small>{t("map.review", { number: data.review })}</small>}
      </figcaption>
    </figure>
  );
}

function Drawn({ counties, area, target, features }: Shows & { features: Feature[] }): ReactNode {
  const { t } = useTranslation();
  const { dark } = useTheme();
  const name = useAreaName();
  const to = useTo();
  const navigate = useNavigate();
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<L.Map | null>(null);

  useEffect(() => {
    if (!place.current) return undefined;
    const made = L.map(place.current, {
      renderer: L.canvas(),
      attributionControl: false,
      scrollWheelZoom: false,
      zoomAnimation: false,
      zoomSnap: 0.25,
    });
    made.zoomControl.getContainer()?.querySelectorAll("a").forEach((button, index) => {
      const word = t(index === 0 ? "map.in" : "map.out");
      button.title = word;
      button.setAttribute("aria-label", word);
    });
    map.current = made;
    return () => {
      map.current = null;
      made.remove();
    };
  }, [t]);

  useEffect(() => {
    const on = map.current;
    if (!on) return undefined;
    const tallies = new Map(counties.map((one) => [one.group, one]));
    const layer = L.geoJSON({ type: "FeatureCollection", features } as FeatureCollection, {
      style: (feature) => ({
        ...stroke(dark),
        fillColor: fill(feature && tallies.get(codeOf(feature)), target, dark),
        fillOpacity: 0.9,
      }),
      onEachFeature: (feature, shape) => {
        const code = codeOf(feature);
        const tally = tallies.get(code);
        const rate = tally && tally.obliged > 0 ? `${tally.covered}/${tally.obliged} ${percent(tally.covered, tally.obliged)}` : t("reg.nobody");
        shape.bindTooltip(label(nameOf(feature, name), rate), labelled(features.length));
        // Where nobody is registered there may be no such area to ask about, either.
        if (tally) shape.on("click", () => void navigate(to("/coverage", { area: code, target: named(target) })));
      },
    }).addTo(on);
    on.invalidateSize();
    on.fitBounds(layer.getBounds(), { padding: [8, 8] });
    const tidy = (): void => untangle(layer);
    tidy();
    on.on("zoomend", tidy);
    return () => {
      on.off("zoomend", tidy);
      layer.remove();
    };
    // `to`, `name` and `navigate` are made anew each time and mean the same while these stay.
  }, [counties, area, target, features.length, dark, t]);

  return <div ref={place} className="reg-map" role="application" aria-label={t("map.label")} />;
}

/** Few counties carry their figures; of many only the one under the pointer says them. */
function labelled(count: number): L.TooltipOptions {
  return count <= LABELS_MAX
    ? { permanent: true, direction: "center", className: "reg-map-label" }
    : { sticky: true, className: "reg-map-label" };
}

/** Labels that would lie upon another are left out; zooming in brings them. */
function untangle(layer: L.GeoJSON): void {
  const kept: DOMRect[] = [];
  layer.eachLayer((shape) => {
    const element = shape.getTooltip()?.getElement();
    if (!element) return;
    element.hidden = false;
    const box = element.getBoundingClientRect();
    element.hidden = kept.some((other) =>
      box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    if (!element.hidden) kept.push(box);
  });
}

/** As nodes, never as HTML: names come from a file. */
function label(name: string, rate: string): HTMLElement {
  const node = document.createElement("span");
  const head = document.createElement("b");
  head.textContent = name;
  node.append(head, document.createElement("br"), rate);
  return node;
}
