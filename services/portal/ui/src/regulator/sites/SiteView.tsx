/** One place: what it is, whose, and which devices stand there. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import type { Device, Site } from "../../api/types";
import { useFilters, useScope } from "../address";
import { readDevices } from "../data/lists";
import { useOperatorName, useSite } from "../data/one";
import { DeviceDrawer } from "../devices/DeviceDrawer";
import { useDeviceColumns } from "../devices/columns";
import { Areas, Facts, OperatorLink } from "../parts/Bits";
import { Paged } from "../parts/Paged";
import { Shown } from "../parts/States";
import { ViewHead } from "../parts/What";
import { Approval } from "./columns";

export function SiteView(): ReactNode {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const scope = useScope();
  const { filter, open } = useFilters();
  const query = useSite(id, scope);
  const filters = { site_id: id };
  return (
    <>
      <ViewHead view="site" words={["site", "zone", "detector", "valve"]} />
      <Shown query={query} rows={6}>{(site) => <Place site={site} />}</Shown>
      <h2>{t("view.devices.title")}</h2>
      <Paged<Device>
        of={["devices", scope.at, scope.knownAt, filters]}
        read={(at) => readDevices({ ...scope, area: "" }, filters, at)}
        columns={useDeviceColumns(open, { ofOne: true })}
        rowKey={(row) => row.device_id}
        empty={t("sites.noDevices")}
        label={t("view.devices.title")}
      />
      <DeviceDrawer id={filter("open")} onClose={() => open(null)} />
    </>
  );
}

function Place({ site }: { site: Site }): ReactNode {
  const { t } = useTranslation();
  const operatorName = useOperatorName();
  return (
    <section className="reg-panel" aria-labelledby="reg-site">
      <h2 id="reg-site">{site.name}</h2>
      <Facts
        rows={[
          [t("reg.id"), <span className="reg-code">{site.site_id}</span>],
          [t("sites.kind"), t(`siteKind.${site.kind}`)],
          [t("common.operator"), <OperatorLink id={site.operator_id} name={operatorName(site.operator_id)} />],
          [t("common.area"), <Areas codes={[site.area_code]} />],
          [t("sites.address"), site.address],
          [t("sites.position"), <span className="reg-num">{t("sites.wgs84", { longitude: site.longitude, latitude: site.latitude })}</span>],
          [t("sites.gas"), site.gas && t(`gas.${site.gas}`)],
          [t("sites.obliged"), t(site.obliged ? "common.yes" : "common.no")],
          [t("sites.autoClose"), t(site.auto_close ? "common.yes" : "common.no")],
          [t("sites.approval"), <Approval site={site} />],
          [t("sites.approvedOn"), site.planning_approved_on],
          [t("sites.hours"), site.business_hours],
        ]}
      />
    </section>
  );
}
