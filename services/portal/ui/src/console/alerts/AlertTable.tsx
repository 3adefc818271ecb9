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
  const { t, i18n } = useTranslation();
  const [place, size] = useSize<HTMLDivElement>();
  const table = useRef<TableRef>(null);
  const sites = useSites();
  const { state } = useLine();
  // The list moves itself by what a new first row is higher than it guessed: only a person's scrolling counts.
  const byHand = useRef(false);
  const hand = (): void => {
    byHand.current = true;
  };
  useImperativeHandle(ref, () => ({
    to: (id) => {
      byHand.current = true;
      table.current?.scrollTo({ key: id });
    },
    top: () => {
      byHand.current = false;
      table.current?.scrollTo({ top: 0 });
    },
  }), []);
  const scrolled = (top: number): void => {
    if (top === 0) byHand.current = false;
    else if (!byHand.current) table.current?.scrollTo({ top: 0 });
    onScrolled?.(top > 0 && byHand.current);
  };
  // Nothing to pick, no box: an empty table measures itself by a hidden row, which must hold nothing to focus.
  const picks = rows.length > 0 ? picking : null;
  const columns = useMemo(
    () => columnsFor({ t, width: size.width, long: i18n.language === "en", site: (id) => sites.get(id), picking: picks }),
    [t, i18n.language, size.width, sites, picks],
  );
  const width = columns.reduce((sum, column) => sum + Number(column.width ?? 0), 0);
  return (
    <div ref={place} className={`fill alert-table ${state === "live" ? "" : "stale-values"}`} onPointerEnter={() => onHover?.(true)} onPointerLeave={() => onHover?.(false)}
      onWheel={({ deltaY }) => deltaY > 0 && hand()} onTouchMove={hand}
      onPointerDown={({ target }) => (target as Element).closest("[class*=scrollbar]") && hand()}>
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
          onScroll={(event) => scrolled((event.target as HTMLElement).scrollTop)}
        />
      )}
    </div>
  );
}
