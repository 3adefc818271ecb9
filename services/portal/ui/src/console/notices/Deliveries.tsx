import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery } from "../../api/types";
import { dateTime } from "../../look/time";
import { PRIORITIES } from "../alerts/filters";
import { type DeliveryQuery, readDeliveries } from "../data/read";
import { useSiteName } from "../data/register";
import { Priority, SHAPES } from "../parts/Priority";
import { Nothing, Shown } from "../parts/States";
import { useAddress } from "../parts/useAddress";

const STATES = ["pending", "delivered", "failed"] as const;
const SHAPE_OF: Record<Delivery["state"], string> = { pending: "…", delivered: "✓", failed: "✕" };
const AGAIN_MS = 10_000;

export function Deliveries(): ReactNode {
  const { t } = useTranslation();
  const [params, set] = useAddress();
  const state = STATES.find((one) => one === params.get("state"));
  const priority = PRIORITIES.find((one) => one === params.get("priority"));
  const wanted: DeliveryQuery = { ...(state ? { state } : {}), ...(priority ? { priority } : {}) };
  const asked = useInfiniteQuery({
    queryKey: ["deliveries", wanted],
    queryFn: ({ pageParam }) => readDeliveries(wanted, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: AGAIN_MS,
  });
  return (
    <>
      <div className="filters row" role="search">
        <Select allowClear className="notice-filter" aria-label={t("common.state")} placeholder={t("common.state")} value={state ?? null} onChange={(value) => set("state", value ?? undefined)} options={STATES.map((value) => ({ value, label: t(`deliveryState.${value}`) }))} />
        <Select allowClear className="notice-filter" aria-label={t("common.priority")} placeholder={t("common.priority")} value={priority ?? null} onChange={(value) => set("priority", value ?? undefined)} options={PRIORITIES.map((value) => ({ value, label: `${SHAPES[value] ?? ""} ${t(`priority.${value}`)}` }))} />
      </div>
      <Shown of={asked}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? <Nothing words={t("notices.noDeliveries")} /> : <Table items={items} />;
        }}
      </Shown>
      {asked.hasNextPage && <Button loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>{t("common.more")}</Button>}
    </>
  );
}

function Table({ items }: { items: Delivery[] }): ReactNode {
  const { t } = useTranslation();
  const name = useSiteName();
  return (
    <div className="panel scroll" tabIndex={0}>
      <table className="plain">
        <thead><tr><th>{t("common.at")}</th><th>{t("common.priority")}</th><th>{t("common.state")}</th><th>{t("notices.recipient")}</th><th>{t("notices.channel")}</th><th>{t("notices.message")}</th><th>{t("common.site")}</th></tr></thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.delivery_id}>
              <td className="figure">{dateTime(one.created_at)}</td>
              <td><Priority of={one.priority} /></td>
              <td className={one.state === "failed" ? "bad nowrap" : "nowrap"}><span aria-hidden="true">{SHAPE_OF[one.state]}</span> {t(`deliveryState.${one.state}`)}{one.attempts > 1 && <small className="soft"> ×{one.attempts}</small>}{one.detail && <><br /><small className="soft">{one.detail}</small></>}</td>
              <td className="nowrap"><bdi>{one.recipient}</bdi></td>
              <td className="nowrap">{t(`notices.channelName.${one.channel}`, { defaultValue: one.channel })}</td>
              <td><bdi title={one.body}>{one.title}</bdi>{one.mark && <small className="soft"> · {t(`notices.mark.${one.mark}`)}</small>}</td>
              <td><bdi>{name(one.site_id)}</bdi></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
