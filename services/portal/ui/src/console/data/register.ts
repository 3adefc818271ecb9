/** Sites and firms by id: what alerts name only by their ids. */
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Operator, Site } from "../../api/types";
import { readCrews, readOperators, readSites } from "./read";

const FRESH_MS = 300_000;
const NO_SITES: ReadonlyMap<string, Site> = new Map();
const NO_FIRMS: ReadonlyMap<string, Operator> = new Map();
/** What concerns a firm as a whole, such as a flood of alerts, stands under this in place of a site. */
const OF_FIRM = "operator:";

const bySite = (sites: Site[]): ReadonlyMap<string, Site> => new Map(sites.map((site) => [site.site_id, site]));
const byFirm = (firms: Operator[]): ReadonlyMap<string, Operator> => new Map(firms.map((firm) => [firm.operator_id, firm]));

export function useSites(): ReadonlyMap<string, Site> {
  return useQuery({ queryKey: ["sites"], queryFn: readSites, staleTime: FRESH_MS, select: bySite }).data ?? NO_SITES;
}

export function useFirms(): ReadonlyMap<string, Operator> {
  return useQuery({ queryKey: ["operators"], queryFn: readOperators, staleTime: FRESH_MS, select: byFirm }).data ?? NO_FIRMS;
}

/** What a crew is called; its id where nobody has told. */
export function useCrewName(): (id: string) => string {
  const { data } = useQuery({ queryKey: ["crews"], queryFn: readCrews, staleTime: FRESH_MS });
  return useCallback((id) => data?.find((crew) => crew.crew_id === id)?.name ?? id, [data]);
}

/** What people call a place; its id where nobody has told. */
export function useSiteName(): (id: string) => string {
  const sites = useSites();
  const firms = useFirms();
  return useCallback(
    (id) => (id.startsWith(OF_FIRM) ? firms.get(id.slice(OF_FIRM.length))?.name : sites.get(id)?.name) ?? id,
    [sites, firms],
  );
}
