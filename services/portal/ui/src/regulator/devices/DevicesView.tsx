/** Every registered device. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Device } from "../../api/types";
import { oneOf, useFilters, useScope } from "../address";
import { type DeviceFilters, readDevices } from "../data/lists";
import { useOperatorName } from "../data/one";
import { Also, Bar, Choice, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { ViewHead } from "../parts/What";
import { DEVICE_KINDS, FLAGS } from "../sites/kinds";
import { DeviceDrawer } from "./DeviceDrawer";
import { useDeviceColumns } from "./columns";

export function DevicesView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter, open } = useFilters();
  const operatorName = useOperatorName();
  const filters: DeviceFilters = {
    q: filter("q"),
    kind: oneOf(DEVICE_KINDS, filter("kind")),
    active: oneOf(FLAGS, filter("active")),
    operator_id: filter("operator_id"),
    site_id: filter("site_id"),
  };
  return (
    <>
      <ViewHead view="devices" words={["detector", "valve", "controller", "zone", "life"]} />
      <Bar>
        <Search />
        <Choice name="kind" label={t("devices.kind")} values={DEVICE_KINDS} word={(one) => t(`deviceKind.${one}`)} />
        <Choice name="active" label={t("devices.active")} values={FLAGS} word={(one) => t(one === "true" ? "common.yes" : "common.no")} />
        {filters.operator_id && <Also name="operator_id" text={operatorName(filters.operator_id)} />}
        {filters.site_id && <Also name="site_id" text={filters.site_id} />}
        <Export resource="devices" scope={scope} filters={{ ...filters }} />
      </Bar>
      <Paged<Device>
        of={["devices", scope, filters]}
        read={(at) => readDevices(scope, filters, at)}
        columns={useDeviceColumns(open)}
        rowKey={(row) => row.device_id}
        empty={t("devices.empty")}
        label={t("view.devices.title")}
      />
      <DeviceDrawer id={filter("open")} onClose={() => open(null)} />
    </>
  );
}
