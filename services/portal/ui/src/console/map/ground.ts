/** What lies under every map: county borders, and tiles where the installation has some. */
import { useQuery } from "@tanstack/react-query";
import type { Feature, FeatureCollection } from "geojson";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import type { Settings } from "../../api/types";
import { type Place, toGcj02 } from "../../look/gcj02";
import { readSettings } from "../data/read";
import "./map.css";

export type Borders = FeatureCollection & { properties?: { review?: string } };
export interface Ground {
  tiles: Settings["tiles"];
  borders: Borders | null;
}
/** How near a map goes by itself: without tiles nothing but borders says where one is, so they must stay in sight. */
export const zoomOf = ({ tiles }: Ground): { sites: number; site: number; place: number } =>
  tiles ? { sites: 13, site: 15, place: 14 } : { sites: 10.5, site: 12, place: 9 };
/** Where a WGS-84 place lies on this map. */
export type Laid = (place: Place) => L.LatLngTuple;

async function readBorders(): Promise<Borders | null> {
  const answer = await fetch("/static/borders.json");
  const kind = answer.headers.get("content-type") ?? "";
  return answer.ok && kind.includes("json") ? ((await answer.json()) as Borders) : null;
}

/** A map without tiles or borders is still a map: neither may keep the sites from being shown. */
async function readGround(): Promise<Ground> {
  const [settings, borders] = await Promise.allSettled([readSettings(), readBorders()]);
  return {
    tiles: settings.status === "fulfilled" ? settings.value.tiles : null,
    borders: borders.status === "fulfilled" ? borders.value : null,
  };
}

export function useGround(): Ground | undefined {
  return useQuery({ queryKey: ["ground"], queryFn: readGround, staleTime: Infinity }).data;
}

/** Farther away the names of counties would lie upon each other. */
const LABELS_ZOOM = 8.5;

/** As the catalogue calls it, else as the file does; a node, for a name from a file is never markup. */
function labelOf(feature: Feature, name: (code: string) => string): HTMLElement {
  const code = String(feature.properties?.["adcode"] ?? "");
  const known = name(code);
  const label = document.createElement("span");
  label.textContent = known === code ? String(feature.properties?.["name"] ?? code) : known;
  return label;
}

/** Lay the ground on a map, and return how places come onto it. */
export function lay(map: L.Map, { tiles, borders }: Ground, dark: boolean, name: (code: string) => string): Laid {
  const shifted = tiles?.gcj02 ?? false;
  const laid: Laid = (place) => {
    const { longitude, latitude } = shifted ? toGcj02(place) : place;
    return [latitude, longitude];
  };
  if (tiles) L.tileLayer(tiles.url, { maxZoom: 18 }).addTo(map);
  if (borders) {
    L.geoJSON(borders, {
      interactive: false,
      style: { color: dark ? "#8d99a8" : "#737e8c", weight: 1.25, fill: !tiles, fillColor: dark ? "#252b31" : "#ffffff", fillOpacity: 1 },
      coordsToLatLng: ([longitude, latitude]) => L.latLng(laid({ longitude: longitude ?? 0, latitude: latitude ?? 0 })),
      onEachFeature: (feature, shape) => {
        if (!tiles) shape.bindTooltip(labelOf(feature, name), { permanent: true, direction: "center", pane: "shadowPane", className: "map-county" });
      },
    }).addTo(map);
    const crowded = (): void => void map.getContainer().classList.toggle("map-far", map.getZoom() < LABELS_ZOOM);
    map.on("zoomend", crowded);
    crowded();
  }
  L.control.scale({ imperial: false }).addTo(map);
  return laid;
}

export function newMap(element: HTMLElement, options: L.MapOptions): L.Map {
  // Nobody's tiles are shown unless this installation names them, so nobody is credited.
  return L.map(element, { preferCanvas: true, attributionControl: false, zoomAnimation: false, fadeAnimation: false, ...options });
}
