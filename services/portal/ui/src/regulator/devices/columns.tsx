/** Devices as rows: the same in the inventory and at one site. */
import { Button, type TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "../../api/types";
import { Areas, Mark, OperatorLink, SiteLink } from "../parts/Bits";

export function useDeviceColumns(open: (id: string) => void, { ofOne = false } = {}): NonNullable<TableProps<Device>["columns"]> {
  const { t } = useTranslation();
  const columns: NonNullable<TableProps<Device>["columns"]> = [
    {
      title: t("common.device"),
      key: "device",
      render: (_, row) => (
        <Button type="link" className="reg-row-button reg-code" onClick={() => open(row.device_id)} aria-haspopup="dialog">
          {row.device_id}
        </Button>
      ),
    },
    { title: t("devices.kind"), key: "kind", render: (_, row) => t(`deviceKind.${row.kind}`) },
    { title: t("common.state"), key: "state", render: (_, row) => <DeviceState device={row} /> },
    { title: t("common.site"), key: "site", render: (_, row) => <SiteLink id={row.site_id} name={row.site_name ?? undefined} /> },
    { title: t("devices.zone"), key: "zone", responsive: ["lg"], render: (_, row) => row.zone },
    { title: t("sites.gas"), key: "gas", responsive: ["lg"], render: (_, row) => (row.gas ? t(`gas.${row.gas}`) : "") },
    { title: t("devices.installed"), key: "installed", responsive: ["md"], render: (_, row) => <span className="reg-num">{row.installed_on}</span> },
    { title: t("devices.serial"), key: "serial", responsive: ["xl"], render: (_, row) => <span className="reg-code">{row.serial}</span> },
    { title: t("common.area"), key: "area", responsive: ["lg"], render: (_, row) => <Areas codes={[row.area_code]} /> },
    {
      title: t("common.operator"),
      key: "operator",
      responsive: ["xl"],
      render: (_, row) => <OperatorLink id={row.operator_id} name={row.operator_name ?? row.operator_id} />,
    },
  ];
  return ofOne ? columns.filter(({ key }) => key !== "site" && key !== "area" && key !== "operator") : columns;
}

/** Where a device stands in the register; whether it is heard is the watch's concern. */
export function DeviceState({ device }: { device: Device }): ReactNode {
  const { t } = useTranslation();
  if (device.retired_on) return <Mark tone="plain">{t("deviceState.retired")}</Mark>;
  if (device.revoked) return <Mark tone="bad">{t("deviceState.revoked")}</Mark>;
  if (!device.active) return <Mark tone="bad">{t("deviceState.blocked")}</Mark>;
  if (device.maintenance) return <Mark tone="unclear">{t("deviceState.maintenance")}</Mark>;
  return <Mark tone="good">{t("deviceState.registered")}</Mark>;
}
