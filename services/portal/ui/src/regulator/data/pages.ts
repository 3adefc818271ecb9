/** Cursor pages, one by one or all together up to a limit. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Page } from "../../api/types";

export interface At {
  cursor?: string;
  limit: number;
}

export type Read<T> = (at: At) => Promise<Page<T>>;

export interface All<T> {
  items: T[];
  /** False when there was more than is read at once. */
  complete: boolean;
}

const PAGE = 500;
const ROWS_MAX = 10_000;

/** Read a list to its end, or to `ROWS_MAX`: for what the API counts nothing. */
export async function readAll<T>(read: Read<T>): Promise<All<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await read({ limit: PAGE, ...(cursor ? { cursor } : {}) });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < ROWS_MAX);
  return { items, complete: cursor === null };
}

/** All rows of a list. */
export function useAll<T>(key: readonly unknown[], read: Read<T>): UseQueryResult<All<T>> {
  return useQuery({ queryKey: ["all", ...key], queryFn: () => readAll(read) });
}

/** What an answer without a problem holds. */
export function must<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw new Error("an answer without content");
  return answer.data;
}
