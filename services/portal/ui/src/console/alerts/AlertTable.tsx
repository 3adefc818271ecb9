/** The list itself: only what can be seen is drawn. */
import { Table, type TableRef } from "antd";
import { type ReactNode, type Ref, useImperativeHandle, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSites } from "../data/register";
import { useLine } from "../live/LiveProvider";
import type { Row } from "../live/rows";
import { Nothing } from "../parts/States";
import { useSize } from "../parts/useSize";
import { columnsFor } from "./columns";
import type { Picking } from "./usePicking";

const HEAD_PX = 40;

export interface Scrolling {
  to: (id: string) => void;
  top: () => void;
}
interface Props {
  rows: Row[];
  picking: Picking | null;
  cursor: string | null;
  onOpen: (id: string) => void;
  onHover?: (over: boolean) => void;
  onScrolled?: (away: boolean) => void;
  empty: string;
  loading?: boolean;
  ref?: Ref<Scrolling>;
}

const keyOf = (row: Row): string => row.id;

function classOf(row: Row, cursor: string | null): string {
  const { alert } = row;
  const closed = !alert.active && alert.acknowledged;
  return [
    "alert-row",
    alert.acknowledged ? "" : "is-unacknowledged",
    closed ? "is-closed" : "",
    row.id === cursor ? "is-cursor" : "",
  ].join(" ");
}

export function AlertTable({ rows, picking, cursor, onOpen, onHover, onScrolled, empty, loading = false, ref }: Props): ReactNode {
  const { t } = useTranslation();
  const [place, size] = useSize<HTMLDivElement>();
  const table = useRef<TableRef>(null);
  const sites = useSites();
  const { state } = useLine();
  useImperativeHandle(ref, () => ({
    to: (id) => table.current?.scrollTo({ key: id }),
    top: () => table.current?.scrollTo({ top: 0 }),
  }), []);
  const columns = useMemo(
    () => columnsFor({ t, width: size.width, site: (id) => sites.get(id), picking }),
    [t, size.width, sites, picking],
  );
  const width = columns.reduce((sum, column) => sum + Number(column.width ?? 0), 0);
  return (
    <div ref={place} className={`fill alert-table ${state === "live" ? "" : "stale-values"}`} onPointerEnter={() => onHover?.(true)} onPointerLeave={() => onHover?.(false)}>
      {size.height > 0 && (
        <Table<Row>
          ref={table}
          virtual
          size="small"
          aria-label={t("nav.alerts")}
          pagination={false}
          rowKey={keyOf}
          columns={columns}
          dataSource={rows}
          loading={loading}
          scroll={{ x: Math.max(width, 300), y: Math.max(120, size.height - HEAD_PX) }}
          locale={{ emptyText: <Nothing words={empty} /> }}
          rowClassName={(row) => classOf(row, cursor)}
          onRow={(row) => ({ onClick: () => onOpen(row.id) })}
          onScroll={(event) => onScrolled?.((event.target as HTMLElement).scrollTop > 0)}
        />
      )}
    </div>
  );
}
