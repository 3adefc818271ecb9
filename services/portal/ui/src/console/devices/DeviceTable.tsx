import { Button, Table, type TableColumnsType } from "antd";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Device, DeviceLatest, Site } from "../../api/types";
import { dateTime, day } from "../../look/time";
import { number } from "../alerts/Cells";
import { dialog } from "../alerts/dialogs";
import { QUANTITIES, type Quantity } from "../detail/quantities";
import { useLine } from "../live/LiveProvider";
import { Age } from "../parts/Age";
import { Nothing } from "../parts/States";
import { useSize } from "../parts/useSize";
import { useMay } from "../shell/me";
import { HEALTHS, type Health, wasAlarm } from "./health";
import "../alerts/alerts.css";

export interface DeviceRow {
  device: Device;
  latest: DeviceLatest | undefined;
  site: Site | undefined;
  online: boolean | null;
  health: Health;
  life: number | null;
}
const SHAPES: Record<Health, string> = { alarm: "◆", fault: "▲", offline: "✕", stale: "◌", unknown: "?", maintenance: "⚙", inactive: "–", well: "●" };
const BAD: readonly Health[] = ["alarm", "fault", "offline"];
const SOON_DAYS = 90;
const HEAD_PX = 40;
const ACT_WIDTH = 112;
const INSTALLED_WIDTH = 108;

function Health({ of, latest }: { of: Health; latest: DeviceLatest | undefined }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <span className={BAD.includes(of) ? "bad" : of === "well" ? "good" : "soft"}><span aria-hidden="true">{SHAPES[of]}</span> {t(`health.${of}`)}</span>
      {wasAlarm(of, latest) && <small className="bad"> {t("devices.wasAlarm")}</small>}
    </>
  );
}

function said(latest: DeviceLatest | undefined): string | null {
  const reading = latest?.reading;
  if (!reading) return null;
  const flow = reading.flow_m3h;
  // A flow meter measures pressure, too; a regulator's pressure is what it is for.
  if (flow !== undefined && reading.outlet_pressure_kpa === undefined) return `${number(flow)} ${QUANTITIES.flow_m3h}`;
  for (const name of Object.keys(QUANTITIES) as Quantity[]) {
    const value = reading[name];
    if (value !== undefined) return `${number(value)} ${QUANTITIES[name]}`;
  }
  return null;
}

function Life({ days }: { days: number | null }): ReactNode {
  const { t } = useTranslation();
  if (days === null) return <span className="soft">–</span>;
  return <span className={days <= 0 ? "bad figure" : "figure"}>{days <= SOON_DAYS && "▲ "}{days <= 0 ? t("devices.lifeOver") : t("devices.days", { count: days })}</span>;
}

export function DeviceTable({ rows }: { rows: DeviceRow[] }): ReactNode {
  const { t } = useTranslation();
  const { state } = useLine();
  const mayClose = useMay()("closeValves");
  const [place, size] = useSize<HTMLDivElement>();
  const columns = useMemo<TableColumnsType<DeviceRow>>(() => [
    { key: "health", title: t("devices.health"), width: 150, sorter: (a, b) => HEALTHS.indexOf(a.health) - HEALTHS.indexOf(b.health), defaultSortOrder: "ascend", render: (_, { health, latest }) => <Health of={health} latest={latest} /> },
    { key: "device", title: t("common.device"), width: 150, sorter: (a, b) => a.device.device_id.localeCompare(b.device.device_id), render: (_, { device }) => <bdi className="cut" title={`${device.model} ${device.serial}`}>{device.device_id}</bdi> },
    { key: "kind", title: t("devices.kind"), width: 160, render: (_, { device }) => <span className="cut">{t(`deviceKind.${device.kind}`)}{device.gas && <small className="soft"> {t(`gas.${device.gas}`)}</small>}</span> },
    { key: "site", title: t("common.site"), width: Math.max(180, size.width - 1076 - (mayClose ? ACT_WIDTH - INSTALLED_WIDTH : 0)), render: (_, { device, site }) => <bdi className="cut" title={site?.address}>{site?.name ?? device.site_id}</bdi> },
    { key: "zone", title: t("alerts.zone"), width: 70, render: (_, { device }) => <bdi className="cut">{device.zone}</bdi> },
    { key: "now", title: t("detail.now"), width: 105, render: (_, { latest, health }) => <span className={`value figure ${health === "stale" || health === "offline" ? "stale" : ""}`}>{latest?.reading?.position ? t(`position.${latest.reading.position}`) : (said(latest) ?? "–")}</span> },
    { key: "heard", title: t("detail.heard"), width: 110, render: (_, { latest }) => (latest?.ingested_at ? <span title={dateTime(latest.ingested_at)}><Age from={latest.ingested_at} /></span> : <span className="soft">{t("common.unknown")}</span>) },
    { key: "line", title: t("devices.line"), width: 95, render: (_, { online }) => t(online === true ? "devices.online" : online === false ? "devices.offline" : "common.unknown") },
    { key: "life", title: t("devices.life"), width: 110, sorter: (a, b) => (a.life ?? Infinity) - (b.life ?? Infinity), render: (_, { life, device }) => <span title={`${t("devices.installed")} ${day(device.installed_on)}`}><Life days={life} /></span> },
    ...(mayClose
      ? [{
          key: "act", title: t("deed.closeValve"), width: ACT_WIDTH,
          render: (_: unknown, { device }: DeviceRow) => device.kind === "valve" && device.retired_on === null && (
            <Button size="small" danger onClick={() => dialog.set({ kind: "close", valveId: device.device_id, siteId: device.site_id })}>{t("deed.closeValve")}</Button>
          ),
        }]
      : [{ key: "installed", title: t("devices.installed"), width: INSTALLED_WIDTH, render: (_: unknown, { device }: DeviceRow) => <span className="figure">{day(device.installed_on)}</span> }]),
  ], [t, size.width, mayClose]);
  const width = columns.reduce((sum, column) => sum + Number(column.width ?? 0), 0);
  return (
    <div ref={place} className={`fill alert-table ${state === "live" ? "" : "stale-values"}`}>
      {size.height > 0 && (
        <Table<DeviceRow> virtual size="small" pagination={false} rowKey={(row) => row.device.device_id} columns={columns} dataSource={rows}
          scroll={{ x: width, y: Math.max(160, size.height - HEAD_PX) }} locale={{ emptyText: <Nothing words={t("devices.none")} /> }} aria-label={t("nav.devices")} />
      )}
    </div>
  );
}
