/** Sites, firms and devices by id: what alerts name only by their ids. */
import { useQuery } from "@tanstack/react-query";
import type { Operator, Site } from "../../api/types";
import { readOperators, readSites } from "./read";

const FRESH_MS = 300_000;
const NO_SITES: ReadonlyMap<string, Site> = new Map();
const NO_FIRMS: ReadonlyMap<string, Operator> = new Map();

const bySite = (sites: Site[]): ReadonlyMap<string, Site> => new Map(sites.map((site) => [site.site_id, site]));
const byFirm = (firms: Operator[]): ReadonlyMap<string, Operator> => new Map(firms.map((firm) => [firm.operator_id, firm]));

export function useSites(): ReadonlyMap<string, Site> {
  return useQuery({ queryKey: ["sites"], queryFn: readSites, staleTime: FRESH_MS, select: bySite }).data ?? NO_SITES;
}

export function useFirms(): ReadonlyMap<string, Operator> {
  return useQuery({ queryKey: ["operators"], queryFn: readOperators, staleTime: FRESH_MS, select: byFirm }).data ?? NO_FIRMS;
}
