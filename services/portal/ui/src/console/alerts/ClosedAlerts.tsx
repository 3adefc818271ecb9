/** What returned to normal and was acknowledged; read by pages, the newest first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import { readAlerts } from "../data/read";
import { rowOf } from "../live/rows";
import { Failed } from "../parts/States";
import { AlertTable } from "./AlertTable";
import type { Filter } from "./filters";

interface Props {
  filter: Filter;
  fits: (row: ReturnType<typeof rowOf>) => boolean;
  onOpen: (id: string) => void;
}

export function ClosedAlerts({ filter, fits, onOpen }: Props): ReactNode {
  const { t } = useTranslation();
  const wanted = {
    open: false,
    limit: 200,
    ...(filter.site ? { site_id: filter.site } : {}),
    ...(filter.area ? { area: filter.area } : {}),
    ...(filter.operator ? { operator_id: filter.operator } : {}),
    ...(filter.rules.length > 0 ? { rule: [...filter.rules] as Alert["rule"][] } : {}),
    ...(filter.priorities.length > 0 ? { priority: [...filter.priorities] as Alert["priority"][] } : {}),
  };
  const found = useInfiniteQuery({
    queryKey: ["closed-alerts", wanted],
    queryFn: ({ pageParam }) => readAlerts(wanted, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 60_000,
  });
  const rows = useMemo(() => (found.data?.pages ?? []).flatMap((page) => page.items.map(rowOf)).filter(fits), [found.data, fits]);
  return (
    <>
      {found.error && <Failed error={found.error} again={() => void found.refetch()} />}
      <AlertTable rows={rows} picking={null} cursor={null} onOpen={onOpen} empty={t("alerts.noneClosed")} loading={found.isPending} />
      {found.hasNextPage && <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("common.more")}</Button>}
    </>
  );
}
