/** The curve from before the alert on, with the limits in it. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, SetPoint } from "../../api/types";
import { readDevices, readReadings, readRules } from "../data/read";
import { serverNow } from "../live/now";
import { Failed, Loading, Nothing } from "../parts/States";
import { Chart, type Curve, type Limit } from "./Chart";
import { QUANTITIES, type Quantity, isIn, pointOf, quantityOf } from "./quantities";
import { type Span, windowOf } from "./span";

const CURVES_MAX = 4;
const AGAIN_MS = 10_000;
const GAS_RULES = ["G01", "G02"] as const;

function limitsOf(alert: Alert, quantity: Quantity, points: readonly SetPoint[]): Limit[] {
  const limits: Limit[] = [];
  if (alert.set_point !== null && isIn(quantity, alert.unit)) limits.push({ name: alert.rule, value: alert.set_point });
  if (quantity !== "lel_percent") return limits;
  const site = `site:${alert.site_id}`;
  for (const rule of GAS_RULES) {
    const fit = points.filter((one) => one.key === rule && one.in_force && (one.scope === site || (!one.scope.startsWith("site:") && alert.area_code.startsWith(one.scope))));
    const [nearest] = fit.sort((one, other) => other.scope.length - one.scope.length);
    if (nearest?.value != null && !limits.some((limit) => limit.name === rule)) limits.push({ name: rule, value: nearest.value });
  }
  return limits;
}

export default function Trend({ alert }: { alert: Alert }): ReactNode {
  const { t } = useTranslation();
  const [span, setSpan] = useState<Span>("hour");
  const quantity = quantityOf(alert);
  const devices = useQuery({ queryKey: ["devices", alert.site_id], queryFn: () => readDevices(alert.site_id), staleTime: 60_000 });
  const rules = useQuery({ queryKey: ["rules"], queryFn: readRules, staleTime: 60_000 });
  const ids = useMemo(() => {
    const all = devices.data ?? [];
    const measures = (id: string): boolean => all.some((one) => one.device_id === id && one.kind !== "valve" && one.kind !== "controller");
    const own = alert.device_ids.filter(measures);
    const near = all.filter((one) => one.kind === "detector" && one.zone === alert.zone).map((one) => one.device_id);
    return (own.length > 0 ? own : near).slice(0, CURVES_MAX);
  }, [devices.data, alert.device_ids, alert.zone]);
  const opened = Date.parse(alert.opened_at);
  const asked = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["trend", id, span, opened],
      queryFn: () => readReadings(id, ...windowOf(span, opened, serverNow())),
      refetchInterval: AGAIN_MS,
    })),
  });
  const curves: Curve[] = ids.map((name, place) => ({ name, points: (asked[place]?.data ?? []).map((one) => pointOf(one, quantity)).filter((point) => point !== null) }));
  const failed = devices.error && !devices.data ? devices : asked.find((one) => one.error);
  const waiting = devices.isPending || asked.some((one) => one.isPending);
  const empty = curves.every((curve) => curve.points.length === 0);
  return (
    <>
      <Segmented<Span> value={span} onChange={setSpan} options={(["hour", "day", "last"] as const).map((value) => ({ value, label: t(`detail.span.${value}`) }))} />
      {failed?.error && <Failed error={failed.error} again={() => void failed.refetch()} />}
      {waiting ? <Loading /> : empty ? !failed && <Nothing words={t("detail.noReadings")} /> : (
        <Chart curves={curves} limits={limitsOf(alert, quantity, rules.data ?? [])} unit={QUANTITIES[quantity]} beganMs={opened} window={windowOf(span, opened, serverNow())}
          at={t("common.at")} label={t("detail.trendOf", { quantity: t(`quantity.${quantity}`), count: curves.length })} />
      )}
    </>
  );
}
