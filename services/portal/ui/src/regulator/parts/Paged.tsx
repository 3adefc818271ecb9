/** A table of a cursor list: one page at a time, its place in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Select, Table, type TableProps } from "antd";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Page } from "../../api/types";
import { SIZES, usePlace } from "../address";
import type { Read } from "../data/pages";
import { Failed, Freshness, Nothing, Waiting } from "./States";

interface Props<T> {
  /** Names the list, with all that it is filtered by. */
  of: readonly unknown[];
  read: Read<T>;
  columns: NonNullable<TableProps<T>["columns"]>;
  rowKey: (row: T) => string;
  /** What stands there instead of rows. */
  empty: string;
  label: string;
}

export function Paged<T extends object>({ of, read, columns, rowKey, empty, label }: Props<T>): ReactNode {
  const place = usePlace();
  const top = useRef<HTMLDivElement>(null);
  const query = useQuery({
    queryKey: ["page", ...of, place.cursor, place.size],
    queryFn: () => read({ limit: place.size, ...(place.cursor ? { cursor: place.cursor } : {}) }),
    placeholderData: keepPreviousData,
  });
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else top.current?.scrollIntoView({ block: "nearest" });
  }, [place.cursor]);
  if (!query.data) {
    return query.error ? <Failed error={query.error} again={() => void query.refetch()} /> : <Waiting rows={8} />;
  }
  return (
    <div ref={top} className="reg-paged" aria-busy={query.isPlaceholderData}>
      <Rows rows={query.data.items} columns={columns} rowKey={rowKey} empty={empty} label={label} busy={query.isPlaceholderData} />
      <Foot page={query.data} place={place} asked={query} busy={query.isPlaceholderData} />
    </div>
  );
}

/** Rows of a list; an empty one is a sentence instead of an empty frame. */
export function Rows<T extends object>(props: Pick<Props<T>, "columns" | "rowKey" | "empty" | "label"> & {
  rows: readonly T[];
  busy?: boolean;
}): ReactNode {
  if (props.rows.length === 0) return <Nothing text={props.empty} />;
  return (
    <Table<T>
      className="reg-table"
      size="small"
      aria-label={props.label}
      dataSource={props.rows}
      columns={props.columns}
      rowKey={props.rowKey}
      pagination={false}
      scroll={{ x: "max-content" }}
      loading={props.busy ?? false}
    />
  );
}

type Place = ReturnType<typeof usePlace>;

function Foot<T>({ page, place, asked, busy }: {
  page: Page<T>;
  place: Place;
  asked: Parameters<typeof Freshness>[0]["asked"];
  busy: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const first = (place.page - 1) * place.size + 1;
  const next = page.next_cursor;
  return (
    <nav className="reg-foot" aria-label={t("reg.pages")}>
      <span className="reg-num">
        {page.items.length > 0 && t(next ? "reg.rowsMore" : "reg.rows", { first, last: first + page.items.length - 1 })}
      </span>
      <Button disabled={busy || !place.back} onClick={() => place.back?.()}>{t("reg.previous")}</Button>
      <Button disabled={busy || !next} onClick={() => next && place.next(next)}>{t("reg.next")}</Button>
      <Select
        aria-label={t("reg.pageSize")}
        value={place.size}
        onChange={place.resize}
        options={SIZES.map((size) => ({ value: size, label: t("reg.perPage", { size }) }))}
      />
      <Freshness asked={asked} />
    </nav>
  );
}
