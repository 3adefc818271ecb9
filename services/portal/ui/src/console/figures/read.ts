/** The figures of alarm management, of which a server may know more or fewer: what is not there is not shown. */
import { api } from "../../api/client";

export type Cell = string | number | boolean | null;
export type Line = Record<string, Cell>;
export interface Bar {
  at: string;
  count: number;
}
export interface Figures {
  perTen: Bar[];
  priorities: Record<string, number>;
  lists: Record<ListName, Line[]>;
}
export const LISTS = ["positions", "floods", "chattering", "stale", "worst"] as const;
export type ListName = (typeof LISTS)[number];

type Get = (path: string, options: { params: { query: Record<string, string> } }) => Promise<{ data?: unknown }>;

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function isCell(value: unknown): value is Cell {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function line(value: Record<string, unknown>): Line {
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Cell] => isCell(entry[1])));
}

export async function readFigures(fromMs: number, toMs: number): Promise<Figures> {
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const { data } = await (api.GET as unknown as Get)("/api/v1/alert-figures", { params: { query } });
  const said = record(data);
  return {
    perTen: list(said["per_10_min"]).map((one) => ({ at: String(one["at"]), count: Number(one["count"]) })),
    priorities: Object.fromEntries(Object.entries(record(said["priorities"])).map(([name, count]) => [name, Number(count)])),
    lists: Object.fromEntries(LISTS.map((name) => [name, list(said[name]).map(line)])) as Record<ListName, Line[]>,
  };
}
