/** Single objects of the registry, and the names that lists leave out. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Device, Licence, Operator, Site } from "../../api/types";
import { type Scope, scopeQuery } from "../address";
import { readOperators } from "./lists";
import { must, useAll } from "./pages";

function when(scope: Scope): { at?: string; known_at?: string } {
  return scopeQuery({ ...scope, area: "" });
}

export function useOperator(id: string, scope: Scope): UseQueryResult<Operator> {
  return useQuery({
    queryKey: ["operator", id, scope.at, scope.knownAt],
    queryFn: async () => must(await api.GET("/api/v1/operators/{id_}", { params: { path: { id_: id }, query: when(scope) } })),
  });
}

export function useSite(id: string, scope: Scope): UseQueryResult<Site> {
  return useQuery({
    queryKey: ["site", id, scope.at, scope.knownAt],
    queryFn: async () => must(await api.GET("/api/v1/sites/{id_}", { params: { path: { id_: id }, query: when(scope) } })),
  });
}

export function useDevice(id: string, scope: Scope): UseQueryResult<Device> {
  return useQuery({
    queryKey: ["device", id, scope.at, scope.knownAt],
    queryFn: async () => must(await api.GET("/api/v1/devices/{id_}", { params: { path: { id_: id }, query: when(scope) } })),
  });
}

export function useLicence(id: string, scope: Scope): UseQueryResult<Licence> {
  return useQuery({
    queryKey: ["licence", id, scope.at, scope.knownAt],
    queryFn: async () => must(await api.GET("/api/v1/licences/{id_}", { params: { path: { id_: id }, query: when(scope) } })),
  });
}

/** What operators are called: lists of other things carry their ids only. */
export function useOperatorName(): (id: string) => string {
  const everywhere: Scope = { area: "", at: "", knownAt: "" };
  const { data } = useAll(["operators", "names"], (at) => readOperators(everywhere, {}, at));
  const names = new Map(data?.items.map((one) => [one.operator_id, one.name]));
  return (id) => names.get(id) ?? id;
}
