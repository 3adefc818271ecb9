/** What the list is filtered by; it stands in the address, so that a view can be sent to somebody. */
import type { Alert, Site } from "../../api/types";
import type { Row } from "../live/rows";

export const TABS = ["open", "unacknowledged", "shelved", "closed"] as const;
export type Tab = (typeof TABS)[number];
export const STATES = ["active", "normal", "latched", "unassigned", "ordered", "silenced", "test"] as const;
export type State = (typeof STATES)[number];
export const PRIORITIES = ["P1", "P2", "P3", "P4"] as const;

export interface Filter {
  readonly text: string;
  readonly area: string;
  readonly operator: string;
  readonly site: string;
  readonly rules: readonly string[];
  readonly priorities: readonly string[];
  readonly state: State | "";
}
export type FilterName = keyof Filter;
/** How each is called in the address. */
const PARAMETER: Record<FilterName, string> = {
  text: "q", area: "area", operator: "operator", site: "site", rules: "rule", priorities: "priority", state: "state",
};

export function tabOf(params: URLSearchParams): Tab {
  const said = params.get("tab");
  return TABS.find((tab) => tab === said) ?? "open";
}

export function filterOf(params: URLSearchParams): Filter {
  const one = (name: FilterName): string => params.get(PARAMETER[name]) ?? "";
  const many = (name: FilterName): string[] => one(name).split(",").filter(Boolean);
  return {
    text: one("text"),
    area: one("area"),
    operator: one("operator"),
    site: one("site"),
    rules: many("rules"),
    priorities: many("priorities"),
    state: STATES.find((state) => state === one("state")) ?? "",
  };
}

/** Return the address with one filter set anew; an empty value takes it out. */
export function withFilter(params: URLSearchParams, name: FilterName, value: string | readonly string[]): URLSearchParams {
  const next = new URLSearchParams(params);
  const text = typeof value === "string" ? value : value.join(",");
  if (text) next.set(PARAMETER[name], text);
  else next.delete(PARAMETER[name]);
  return next;
}

export function withoutFilters(params: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of Object.values(PARAMETER)) next.delete(name);
  return next;
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value.length > 0);
}

const HOLDS: Record<State, (alert: Alert) => boolean> = {
  active: (alert) => alert.active,
  normal: (alert) => !alert.active,
  latched: (alert) => alert.latched,
  unassigned: (alert) => !alert.assigned_to && !alert.order_id,
  ordered: (alert) => Boolean(alert.order_id),
  silenced: (alert) => alert.silenced,
  test: (alert) => alert.test,
};

export function inTab(tab: Tab, alert: Alert): boolean {
  if (tab === "shelved") return alert.suppressed;
  if (alert.suppressed) return false;
  return tab === "unacknowledged" ? !alert.acknowledged : true;
}

/** What the words of the screen add to an alert: names to search by. */
export interface Names {
  site: (id: string) => Site | undefined;
  rule: (code: string) => string;
}

/** Return whether a row is wanted; the words to search in are put together once per row. */
export function matcher(tab: Tab, filter: Filter, names: Names): (row: Row) => boolean {
  const words = new WeakMap<Row, string>();
  const searched = (row: Row): string => {
    const known = words.get(row);
    if (known !== undefined) return known;
    const { alert } = row;
    const site = names.site(alert.site_id);
    const parts = [alert.rule, names.rule(alert.rule), alert.site_id, site?.name, site?.address, alert.zone, ...alert.device_ids, alert.assigned_to];
    const made = parts.filter(Boolean).join(" ").toLowerCase();
    words.set(row, made);
    return made;
  };
  const text = filter.text.trim().toLowerCase();
  return (row) => {
    const { alert } = row;
    return (
      inTab(tab, alert) &&
      (!filter.area || alert.area_code.startsWith(filter.area)) &&
      (!filter.operator || alert.operator_id === filter.operator) &&
      (!filter.site || alert.site_id === filter.site) &&
      (filter.rules.length === 0 || filter.rules.includes(alert.rule)) &&
      (filter.priorities.length === 0 || filter.priorities.includes(alert.priority)) &&
      (!filter.state || HOLDS[filter.state](alert)) &&
      (!text || searched(row).includes(text))
    );
  };
}
