/** Every order of the firm: who is on the way, which has nobody yet, and how the earlier ones ended. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { byUrgency, isLate } from "../../look/late";
import { PRIORITIES } from "../alerts/filters";
import { readEndedOrders, readUnderway } from "../data/read";
import { useNow } from "../live/now";
import { Page } from "../parts/Page";
import { useAddress } from "../parts/useAddress";
import { SHAPES } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { TabBar } from "../parts/TabBar";
import { useMay } from "../shell/me";
import { Crews } from "./Crews";
import { ENDED, KINDS, isUnderway } from "./kinds";
import { OpenOrder } from "./OpenOrder";
import { OrderDrawer } from "./OrderDrawer";
import { OrderTable } from "./OrderTable";

const TABS = ["underway", "nobody", "late", "ended", "crews"] as const;
type Tab = (typeof TABS)[number];
const JUDGE_MS = 5_000;

export default function OrdersPage(): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  const [params, set] = useAddress();
  const [opening, setOpening] = useState(false);
  const underway = useQuery({ queryKey: ["orders", "underway"], queryFn: readUnderway });
  const now = Math.floor(useNow() / JUDGE_MS) * JUDGE_MS;
  const tab = TABS.find((one) => one === params.get("tab")) ?? "underway";
  const kind = KINDS.find((one) => one === params.get("kind"));
  const priority = PRIORITIES.find((one) => one === params.get("priority"));
  const state = ENDED.find((one) => one === params.get("state"));
  const wanted = (order: Order): boolean => (!kind || order.kind === kind) && (!priority || order.priority === priority);
  const holds: Record<Exclude<Tab, "ended" | "crews">, (order: Order) => boolean> = {
    underway: () => true,
    nobody: (order) => order.crew_id === null,
    late: (order) => isLate(order, now),
  };
  const all = underway.data ?? [];
  const count = (one: Tab): string => (one === "ended" || one === "crews" ? "" : ` ${all.filter(holds[one]).length}`);
  return (
    <Page screen="orders" actions={may("openOrders") && <Button type="primary" onClick={() => setOpening(true)}>{t("orders.open")}</Button>}>
      <TabBar label={t("nav.orders")} active={tab} items={TABS.map((key) => ({ key, label: `${t(`orders.tab.${key}`)}${count(key)}` }))} choose={(key) => set("tab", key === "underway" ? null : key)} />
      {tab !== "crews" && (
        <div className="filters" role="search">
          {tab === "ended" && <Select allowClear className="filter" aria-label={t("common.state")} placeholder={t("common.state")} value={state ?? null} onChange={(value) => set("state", value)} options={ENDED.map((value) => ({ value, label: t(`orderState.${value}`) }))} />}
          <Select allowClear className="filter wide" aria-label={t("dispatch.kind")} placeholder={t("dispatch.kind")} value={kind ?? null} onChange={(value) => set("kind", value)} options={KINDS.map((value) => ({ value, label: t(`orderKind.${value}`) }))} />
          <Select allowClear className="filter" aria-label={t("common.priority")} placeholder={t("common.priority")} value={priority ?? null} onChange={(value) => set("priority", value)} options={PRIORITIES.map((value) => ({ value, label: `${SHAPES[value] ?? ""} ${t(`priority.${value}`)}` }))} />
        </div>
      )}
      {tab === "crews" ? <Crews /> : tab === "ended" ? (
        <Ended state={state} kind={kind} priority={priority} choose={(id) => set("order", id)} />
      ) : (
        <Shown of={underway}>
          {(orders) => {
            const shown = orders.filter((order) => wanted(order) && holds[tab](order));
            return shown.length === 0 ? <Nothing words={t("orders.none")} /> : <OrderTable orders={byUrgency(shown, now)} now={now} choose={(id) => set("order", id)} />;
          }}
        </Shown>
      )}
      <OrderDrawer id={params.get("order")} onClose={() => set("order", null)} />
      {opening && <OpenOrder alerts={[]} onDone={() => setOpening(false)} />}
    </Page>
  );
}

interface EndedProps {
  state: (typeof ENDED)[number] | undefined;
  kind: Order["kind"] | undefined;
  priority: Order["priority"] | undefined;
  choose: (id: string) => void;
}

function Ended({ state, kind, priority, choose }: EndedProps): ReactNode {
  const { t } = useTranslation();
  const wanted = { ...(state ? { state } : {}), ...(kind ? { kind } : {}), ...(priority ? { priority } : {}) };
  const asked = useInfiniteQuery({
    queryKey: ["orders", "ended", wanted],
    queryFn: ({ pageParam }) => readEndedOrders(wanted, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
  });
  return (
    <>
      <Shown of={asked}>
        {({ pages }) => {
          const orders = pages.flatMap((page) => page.items).filter((order) => !isUnderway(order));
          return orders.length === 0 ? <Nothing words={t("orders.none")} /> : <OrderTable orders={orders} now={null} choose={choose} />;
        }}
      </Shown>
      {asked.hasNextPage && <div><Button loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>{t("common.more")}</Button></div>}
    </>
  );
}
