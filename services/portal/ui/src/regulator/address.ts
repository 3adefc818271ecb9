/** What the address holds: where (area), when (at, known_at) and what each list is filtered by. */
import { useMemo } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { day } from "../look/time";

/** Where and when is asked about; "" = the person's whole area, today, what is known now. */
export interface Scope {
  area: string;
  at: string;
  knownAt: string;
}

const SCOPE = ["area", "at", "known_at"] as const;
/** What of the address is a place in a list: gone as soon as a filter changes. */
const PLACE = ["cursor", "page", "open"] as const;

export function useScope(): Scope {
  const [params] = useSearchParams();
  const [area, at, knownAt] = SCOPE.map((name) => params.get(name) ?? "") as [string, string, string];
  return useMemo(() => ({ area, at, knownAt }), [area, at, knownAt]);
}

/** Whether a time of the address is one; the API says what is wrong with another. */
export function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** The day that is asked about. */
export function dayOf(scope: Scope): string {
  return scope.at || day(Date.now());
}

/** The scope as the registry's lists take it. */
export function scopeQuery(scope: Scope): { area?: string; at?: string; known_at?: string } {
  return given({ area: scope.area, at: scope.at, known_at: scope.knownAt });
}

/** Leave out what is empty: an empty filter is none. */
export function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined | ""> } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined | ""> };
}

/** A filter of the address, if it is one of the values that the list knows. */
export function oneOf<T extends string>(known: readonly T[], value: string): T | undefined {
  return known.find((one) => one === value);
}

type Changes = Readonly<Record<string, string | number | null | undefined>>;

/**
 * The address as it is now. What a component was last drawn with may be older: a long table takes its time, and
 * a second filter set meanwhile must not undo the first.
 */
function current(): URLSearchParams {
  return new URLSearchParams(window.location.search);
}

function applied(params: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") next.delete(name);
    else next.set(name, String(value));
  }
  return next;
}

/** The filters of a list, and how they are changed: from its first page on. */
export function useFilters(): {
  filter: (name: string) => string;
  change: (changes: Changes) => void;
  open: (id: string | null) => void;
} {
  const [params, setParams] = useSearchParams();
  const { state } = useLocation() as { state: unknown };
  const change = (changes: Changes): void => {
    const place = Object.fromEntries(PLACE.map((name) => [name, null]));
    setParams(applied(current(), { ...place, ...changes }));
  };
  return {
    filter: (name) => params.get(name) ?? "",
    change,
    // The page of the list stays, and with it the way back to the pages before.
    open: (id) => setParams(applied(current(), { open: id }), { preventScrollReset: true, state }),
  };
}

/** Addresses of other views with the same scope. */
export function useTo(): (path: string, filters?: Changes) => string {
  const [params] = useSearchParams();
  return (path, filters = {}) => {
    const kept = new URLSearchParams(SCOPE.flatMap((name) => (params.has(name) ? [[name, params.get(name) ?? ""]] : [])));
    const query = applied(kept, filters).toString();
    return query ? `${path}?${query}` : path;
  };
}

/** Pages of a cursor list: the cursors of the pages before stand in the history entry, for the way back. */
export function usePlace(): {
  cursor: string;
  page: number;
  size: number;
  next: (cursor: string) => void;
  back: (() => void) | null;
  resize: (size: number) => void;
} {
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const navigate = useNavigate();
  const cursor = params.get("cursor") ?? "";
  const page = Math.max(1, Number(params.get("page")) || 1);
  const known = location.state as { trail?: string[] } | null;
  const trail = known?.trail ?? [];
  const go = (to: string, number: number, before: string[]): void => {
    const query = applied(current(), { cursor: to, page: number > 1 ? number : null, open: null });
    void navigate({ search: query.toString() }, { state: { trail: before } });
  };
  const earlier = trail.at(-1);
  // Who came by a link in the middle of a list knows no page before: the way back is the first one.
  const back = (): void => (earlier === undefined ? go("", 1, []) : go(earlier, page - 1, trail.slice(0, -1)));
  return {
    cursor,
    page,
    size: SIZES.find((one) => String(one) === params.get("size")) ?? SIZES[0],
    next: (to) => go(to, page + 1, [...trail, cursor]),
    back: cursor ? back : null,
    resize: (size) => setParams(applied(current(), { size: size === SIZES[0] ? null : size, cursor: null, page: null })),
  };
}

export const SIZES = [50, 200, 500] as const;
