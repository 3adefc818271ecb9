/** One device as it is registered. */
import { Drawer } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "../../api/types";
import { dateTime } from "../../look/time";
import { useScope } from "../address";
import { useDevice, useOperatorName, useSite } from "../data/one";
import { Areas, Facts, OperatorLink, SiteLink } from "../parts/Bits";
import { Shown } from "../parts/States";
import { DeviceState } from "./columns";

export function DeviceDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Drawer open={id !== ""} onClose={onClose} size={560} title={t("devices.one")} destroyOnHidden>
      {id && <Asked id={id} />}
    </Drawer>
  );
}

function Asked({ id }: { id: string }): ReactNode {
  const scope = useScope();
  const query = useDevice(id, scope);
  return <Shown query={query}>{(device) => <DeviceFacts device={device} />}</Shown>;
}

function DeviceFacts({ device }: { device: Device }): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const operatorName = useOperatorName();
  const { data: site } = useSite(device.site_id, scope);
  return (
    <Facts
      rows={[
        [t("reg.id"), <span className="reg-code">{device.device_id}</span>],
        [t("devices.kind"), t(`deviceKind.${device.kind}`)],
        [t("common.state"), <DeviceState device={device} />],
        [t("common.site"), <SiteLink id={device.site_id} name={site?.name} />],
        [t("common.operator"), <OperatorLink id={device.operator_id} name={operatorName(device.operator_id)} />],
        [t("common.area"), <Areas codes={[device.area_code]} />],
        [t("devices.zone"), device.zone],
        [t("sites.gas"), device.gas && t(`gas.${device.gas}`)],
        [t("devices.model"), device.model],
        [t("devices.serial"), <span className="reg-code">{device.serial}</span>],
        [t("devices.controller"), device.controller_id],
        [t("devices.installed"), device.installed_on],
        [t("devices.registered"), dateTime(device.registered_at)],
        [t("devices.retired"), device.retired_on],
        [t("devices.maintenance"), device.maintenance && `${device.maintenance.reason} (${dateTime(device.maintenance.until)})`],
      ]}
    />
  );
}
