/** The lists of the registry and of dispatching as this app asks for them. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Coverage, CoverageMissing, Device, Licence, Operator, Order, Page, Site, Unlicensed } from "../../api/types";
import { type Scope, given, scopeQuery } from "../address";
import { stem } from "../areas";
import { type All, type At, must, readAll, useAll } from "./pages";

/** Without these a list has all that the scope holds. */
export interface OperatorFilters {
  q?: string | undefined;
}
export interface SiteFilters {
  q?: string | undefined;
  obliged?: string | undefined;
  planning_approval?: string | undefined;
  kind?: Site["kind"] | undefined;
  operator_id?: string | undefined;
}
export interface DeviceFilters {
  q?: string | undefined;
  active?: string | undefined;
  kind?: Device["kind"] | undefined;
  operator_id?: string | undefined;
  site_id?: string | undefined;
}
export interface LicenceFilters {
  q?: string | undefined;
  class?: Licence["class"] | undefined;
  state?: Licence["state"] | undefined;
  /** Days from the day that is asked about. */
  expiring_within?: string | undefined;
  operator_id?: string | undefined;
}
export interface UnlicensedFilters {
  q?: string | undefined;
  reason?: Unlicensed["reason"] | undefined;
  operator_id?: string | undefined;
}
export interface MissingFilters {
  q?: string | undefined;
  reason?: string | undefined;
  kind?: Site["kind"] | undefined;
  operator_id?: string | undefined;
}

export async function readOperators(scope: Scope, filters: OperatorFilters, at: At): Promise<Page<Operator>> {
  return must(await api.GET("/api/v1/operators", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export async function readSites(scope: Scope, filters: SiteFilters, at: At): Promise<Page<Site>> {
  return must(await api.GET("/api/v1/sites", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export async function readDevices(scope: Scope, filters: DeviceFilters, at: At): Promise<Page<Device>> {
  return must(await api.GET("/api/v1/devices", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export async function readLicences(scope: Scope, filters: LicenceFilters, at: At): Promise<Page<Licence>> {
  return must(await api.GET("/api/v1/licences", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export async function readUnlicensed(scope: Scope, filters: UnlicensedFilters, at: At): Promise<Page<Unlicensed>> {
  return must(await api.GET("/api/v1/unlicensed", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export async function readMissing(scope: Scope, filters: MissingFilters, at: At): Promise<Page<CoverageMissing>> {
  return must(await api.GET("/api/v1/coverage:missing", { params: { query: { ...scopeQuery(scope), ...given({ ...filters }), ...at } } }));
}

export type GroupBy = "county" | "operator" | "kind";

export function useTallies(scope: Scope, by: GroupBy): UseQueryResult<All<Coverage>> {
  return useAll(["coverage", scope, by], async (at) =>
    must(await api.GET("/api/v1/coverage", { params: { query: { ...scopeQuery(scope), group_by: by, ...at } } })));
}

/** What is before arrival; who is on site is late no more. */
const UNDERWAY = ["open", "assigned", "accepted", "en_route"] as const;

export interface Overdue extends All<Order> {
  /** How many are under way, overdue or not. */
  underway: number;
}

/** The platform's own checks are nobody's work. */
function ofPeople(orders: readonly Order[]): Order[] {
  return orders.filter((order) => !order.reserved);
}

/** Overdue orders, now: orders are asked about no other day. */
export function useOverdue(area: string): UseQueryResult<Overdue> {
  return useQuery({
    queryKey: ["overdue", area],
    queryFn: async () => {
      const inside = given({ area_code: area && stem(area) });
      const read = (filters: { overdue: true } | { state: (typeof UNDERWAY)[number] }): Promise<All<Order>> =>
        readAll<Order>(async (at) => must(await api.GET("/api/v1/orders", { params: { query: { ...filters, ...inside, ...at } } })));
      const [late, ...states] = await Promise.all([read({ overdue: true }), ...UNDERWAY.map((state) => read({ state }))]);
      return {
        items: ofPeople(late.items),
        complete: late.complete && states.every((one) => one.complete),
        underway: states.reduce((sum, one) => sum + ofPeople(one.items).length, 0),
      };
    },
    refetchInterval: 60_000,
  });
}
