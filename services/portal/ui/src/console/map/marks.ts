/** The marks of places: alerts by shape, colour and count; quiet places are small grey dots. */
import L from "leaflet";
import { SHAPES } from "../parts/Priority";

/** A mark of elements, for a text would be markup. */
export function alertMark(priority: string, count: number, name: string): L.DivIcon {
  const mark = document.createElement("span");
  mark.className = `map-mark priority ${priority.toLowerCase()}`;
  mark.textContent = `${SHAPES[priority] ?? ""}${count > 1 ? ` ${count}` : ""}`;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", name);
  return L.divIcon({ html: mark, className: "map-mark-place", iconSize: [0, 0] });
}

export function clusterMark(count: number, priority: string | null, name: string): L.DivIcon {
  const mark = document.createElement("span");
  mark.className = priority ? `map-cluster priority ${priority.toLowerCase()}` : "map-cluster";
  mark.textContent = `${priority ? `${SHAPES[priority] ?? ""} ` : ""}${count}`;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", name);
  return L.divIcon({ html: mark, className: "map-mark-place", iconSize: [0, 0] });
}

/** Around the site that was asked for, which may lie among others in a cluster: a ring and its name. */
export function chosenMark(name: string): L.DivIcon {
  const mark = document.createElement("span");
  mark.className = "map-chosen";
  mark.append(document.createElement("span"), Object.assign(document.createElement("bdi"), { textContent: name }));
  return L.divIcon({ html: mark, className: "map-mark-place", iconSize: [0, 0] });
}
