/** The value that raised the alert against its limit, and what each device of the place says now. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Alert, Device, DeviceLatest, Site } from "../../api/types";
import { age } from "../../look/time";
import { Value, number } from "../alerts/Cells";
import { readDevices, readLatest } from "../data/read";
import { useLine } from "../live/LiveProvider";
import { useNow } from "../live/now";
import { unitWords } from "../parts/units";
import { QUANTITIES, type Quantity, isIn, quantityOf } from "./quantities";

const AGAIN_MS = 5_000;
/** A reading older than this many heartbeats is old (rule D03). */
const HEARTBEATS = 2.5;

export function Measured({ alert, site }: { alert: Alert; site: Site | undefined }): ReactNode {
  const { t } = useTranslation();
  const devices = useQuery({ queryKey: ["devices", alert.site_id], queryFn: () => readDevices(alert.site_id), staleTime: 60_000 });
  const latest = useQuery({ queryKey: ["latest", alert.site_id], queryFn: () => readLatest(alert.site_id), refetchInterval: AGAIN_MS });
  const quantity = quantityOf(alert);
  const near = (devices.data ?? []).filter((device) => alert.device_ids.includes(device.device_id) || (alert.zone !== "" && device.zone === alert.zone));
  return (
    <section className="panel">
      <h2>{t("detail.measured")}</h2>
      <p className="row">
        <span>{t("detail.whenRaised")}</span> <Value alert={alert} />
        <span className="soft">{t("detail.ruleVersion", { version: alert.rule_version })}</span>
      </p>
      {alert.set_point !== null && isIn(quantity, alert.unit) && <Scale value={alert.value} limit={alert.set_point} unit={alert.unit} />}
      {(latest.error || devices.error) && <p className="bad" role="alert">{t("common.failed")}</p>}
      <table className="plain">
        <thead><tr><th>{t("common.device")}</th><th>{t("detail.now")}</th><th>{t("common.state")}</th><th>{t("detail.heard")}</th></tr></thead>
        <tbody>
          {near.map((device) => (
            <Now key={device.device_id} device={device} latest={latest.data?.find((one) => one.device_id === device.device_id)} involved={alert.device_ids.includes(device.device_id)} quantity={quantity} />
          ))}
        </tbody>
      </table>
      {devices.data && near.length === 0 && <p className="soft">{t("detail.noDevices")}</p>}
      {site?.gas && <p className="soft">{t("detail.siteGas", { gas: t(`gas.${site.gas}`) })}</p>}
    </section>
  );
}

/** How far a value is on its way to the limit and beyond, drawn and said. */
function Scale({ value, limit, unit }: { value: number | null; limit: number; unit: string }): ReactNode {
  const { t } = useTranslation();
  const top = Math.max(limit * 2, (value ?? 0) * 1.1) || 1;
  const share = (part: number): number => Math.max(0, Math.min(100, (part / top) * 100));
  const words = t("detail.scale", { value: value === null ? "–" : number(value), limit: number(limit), unit: unitWords(t, unit) });
  return (
    <svg className="scale" role="img" aria-label={words} viewBox="0 0 100 12" preserveAspectRatio="none">
      <rect className="scale-back" x="0" y="3" width="100" height="6" />
      {value !== null && <rect className={value >= limit ? "scale-over" : "scale-value"} x="0" y="3" width={share(value)} height="6" />}
      <rect className="scale-limit" x={share(limit)} y="0" width="0.6" height="12" />
    </svg>
  );
}

interface NowProps {
  device: Device;
  latest: DeviceLatest | undefined;
  involved: boolean;
  quantity: Quantity;
}

function Now({ device, latest, involved, quantity }: NowProps): ReactNode {
  const { t } = useTranslation();
  const { state } = useLine();
  const now = useNow();
  const reading = latest?.reading;
  const heard = latest?.ingested_at;
  const old = !heard || now - Date.parse(heard) > device.heartbeat_s * HEARTBEATS * 1_000;
  const said = reading?.position ? t(`position.${reading.position}`) : shownValue(reading, quantity);
  return (
    <tr>
      <td><bdi>{device.device_id}</bdi> <small className="soft">{t(`deviceKind.${device.kind}`)}</small>{involved && <strong> ←</strong>}</td>
      <td className={old || state !== "live" ? "stale figure" : "figure"}>{said}</td>
      <td>{reading ? t(`deviceStatus.${reading.status}`, { defaultValue: reading.status }) : t("common.unknown")}</td>
      <td className="figure">{heard ? (old ? t("common.stale", { age: age(heard, now) }) : age(heard, now)) : t("common.unknown")}</td>
    </tr>
  );
}

function shownValue(reading: DeviceLatest["reading"] | undefined, quantity: Quantity): string {
  if (!reading) return "–";
  const value = reading[quantity];
  return value === undefined ? "–" : `${number(value)} ${QUANTITIES[quantity]}`;
}
