/** Every device: does it live, how long yet, and how many obliged users are covered. */
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { readCoverage, readDevices, readLatest } from "../data/read";
import { useFirms, useSites } from "../data/register";
import { useNow } from "../live/now";
import { Page } from "../parts/Page";
import { SearchBox } from "../parts/SearchBox";
import { useAddress } from "../parts/useAddress";
import { Failed, Loading } from "../parts/States";
import { useMay } from "../shell/me";
import { DeviceTable, type DeviceRow } from "./DeviceTable";
import { HEALTHS, healthOf, lifeLeft } from "./health";

const KINDS = ["detector", "valve", "controller", "regulator", "tank", "vaporizer", "flow_meter", "odorizer"] as const;
const AGAIN_MS = 15_000;
/** Old and quiet are judged anew this often, not each second. */
const JUDGE_MS = 5_000;

function CoverageLine(): ReactNode {
  const { t } = useTranslation();
  const firms = useFirms();
  const asked = useQuery({ queryKey: ["coverage"], queryFn: readCoverage, staleTime: 60_000 });
  if (asked.error) return <Failed error={asked.error} again={() => void asked.refetch()} />;
  return (
    <div className="row" aria-label={t("devices.coverage")}>
      {(asked.data ?? []).map((one) => (
        <div key={one.group} className="panel">
          <bdi>{firms.get(one.group)?.name ?? one.group}</bdi> · {t("devices.coverage")} <strong className="figure">{one.covered}/{one.obliged}</strong>
          {one.ratio !== null && <span className="figure soft"> {Math.floor(one.ratio * 100)} %</span>}
          {one.overdue > 0 && <span className="bad"> · {t("devices.overdue", { count: one.overdue })}</span>}
        </div>
      ))}
    </div>
  );
}

export default function DevicesPage(): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  const sites = useSites();
  const [params, set] = useAddress({ replace: true });
  const devices = useQuery({ queryKey: ["devices"], queryFn: () => readDevices(), staleTime: 60_000 });
  const latest = useQuery({ queryKey: ["latest"], queryFn: () => readLatest(), refetchInterval: AGAIN_MS });
  const now = Math.floor(useNow() / JUDGE_MS) * JUDGE_MS;
  const rows = useMemo<DeviceRow[]>(() => {
    const known = new Map((latest.data ?? []).map((one) => [one.device_id, one]));
    return (devices.data ?? []).map((device) => {
      const said = known.get(device.device_id);
      const site = sites.get(device.site_id);
      // Whoever speaks for a device has the connection: the device itself, or its controller.
      const online = known.get(device.client_id)?.online ?? said?.online ?? null;
      return { device, latest: said, site, online, health: healthOf(device, said, online, now), life: lifeLeft(device, said, site, now) };
    });
  }, [devices.data, latest.data, sites, now]);
  const wanted = { text: (params.get("q") ?? "").toLowerCase(), kind: params.get("kind"), health: params.get("health") };
  const shown = rows.filter(({ device, site, health }) =>
    (!wanted.kind || device.kind === wanted.kind) && (!wanted.health || health === wanted.health) &&
    (!wanted.text || `${device.device_id} ${site?.name ?? ""} ${device.zone} ${device.model} ${device.serial}`.toLowerCase().includes(wanted.text)));
  const counts = (health: string): number => rows.filter((row) => row.health === health).length;
  return (
    <Page screen="devices" full>
      {may("seeCoverage") && <CoverageLine />}
      <div className="filters" role="search">
        <SearchBox value={params.get("q") ?? ""} change={(value) => set("q", value)} hint={t("devices.searchHint")} />
        <Select allowClear className="filter wide" aria-label={t("devices.kind")} placeholder={t("devices.kind")} value={wanted.kind} onChange={(value) => set("kind", value)} options={KINDS.map((value) => ({ value, label: t(`deviceKind.${value}`) }))} />
        <Select allowClear className="filter wide" aria-label={t("devices.health")} placeholder={t("devices.health")} value={wanted.health} onChange={(value) => set("health", value)}
          options={HEALTHS.map((value) => ({ value, label: `${t(`health.${value}`)} (${counts(value)})` }))} />
        <span className="soft" role="status">{t("devices.count", { count: shown.length, of: rows.length })}</span>
      </div>
      {devices.error && <Failed error={devices.error} again={() => void devices.refetch()} />}
      {latest.error && <Failed error={latest.error} again={() => void latest.refetch()} />}
      {devices.isPending ? <Loading /> : <DeviceTable rows={shown} />}
    </Page>
  );
}
