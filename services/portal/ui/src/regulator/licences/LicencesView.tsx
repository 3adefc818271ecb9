/** All licences of an area: which end soon, which no longer hold. */
import { Button, Drawer, type TableProps } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Licence } from "../../api/types";
import { type Scope, dayOf, oneOf, useFilters, useScope, useTo } from "../address";
import { type LicenceFilters, readLicences } from "../data/lists";
import { useAll } from "../data/pages";
import { useLicence, useOperatorName } from "../data/one";
import { Areas, OperatorLink } from "../parts/Bits";
import { Also, Bar, Choice, Export, Search } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { Shown } from "../parts/States";
import { ViewHead } from "../parts/What";
import { LicenceFacts, LicenceState, Left } from "./LicenceFacts";
import { LICENCE_CLASSES, LICENCE_STATES, LONGEST, WITHIN, endingWithin } from "./expiry";

export function LicencesView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter, open } = useFilters();
  const operatorName = useOperatorName();
  const filters: LicenceFilters = {
    q: filter("q"),
    class: oneOf(LICENCE_CLASSES, filter("class")),
    state: oneOf(LICENCE_STATES, filter("state")),
    expiring_within: oneOf(WITHIN, filter("expiring_within")),
    operator_id: filter("operator_id"),
  };
  return (
    <>
      <ViewHead view="licences" words={["licence", "renewal", "ended", "deemed"]} />
      <Ending scope={scope} chosen={filters.expiring_within} />
      <Bar>
        <Search />
        <Choice name="expiring_within" label={t("licences.expires")} values={WITHIN} word={(days) => t("licences.within", { days })} />
        <Choice name="state" label={t("common.state")} values={LICENCE_STATES} word={(one) => t(`licenceState.${one}`)} />
        <Choice name="class" label={t("licences.class")} values={LICENCE_CLASSES} word={(one) => t(`licenceClass.${one}`)} />
        {filters.operator_id && <Also name="operator_id" text={operatorName(filters.operator_id)} />}
        <Export resource="licences" scope={scope} filters={{ ...filters }} />
      </Bar>
      <Paged<Licence>
        of={["licences", scope, filters]}
        read={(at) => readLicences(scope, filters, at)}
        columns={useColumns(scope, open)}
        rowKey={(row) => row.licence_id}
        empty={t("licences.empty")}
        label={t("view.licences.title")}
      />
      <LicenceDrawer id={filter("open")} scope={scope} onClose={() => open(null)} />
    </>
  );
}

/** Within 30, 60, 90 days: each holds the one before. */
function Ending({ scope, chosen }: { scope: Scope; chosen: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const { data } = useAll(["licences", scope, LONGEST], (at) => readLicences(scope, { expiring_within: LONGEST }, at));
  if (!data) return null;
  return (
    <div className="reg-chips" role="group" aria-label={t("licences.expires")}>
      {WITHIN.map((days) => (
        <Link key={days} to={to("/licences", { expiring_within: days === chosen ? null : days })}
          aria-current={days === chosen ? "true" : undefined}>
          {t("licences.within", { days })}{" "}
          <strong className="reg-num">{endingWithin(data.items, dayOf(scope), days)}</strong>
        </Link>
      ))}
    </div>
  );
}

function useColumns(scope: Scope, open: (id: string) => void): NonNullable<TableProps<Licence>["columns"]> {
  const { t } = useTranslation();
  const day = dayOf(scope);
  return [
    {
      title: t("licences.number"),
      key: "number",
      render: (_, row) => (
        <Button type="link" className="reg-row-button reg-code" onClick={() => open(row.licence_id)} aria-haspopup="dialog">
          {row.number}
        </Button>
      ),
    },
    {
      title: t("common.operator"),
      key: "operator",
      render: (_, row) => <OperatorLink id={row.operator_id} name={row.operator_name ?? row.operator_id} />,
    },
    { title: t("common.state"), key: "state", render: (_, row) => <LicenceState state={row.state} /> },
    { title: t("licences.class"), key: "class", responsive: ["md"], render: (_, row) => t(`licenceClass.${row.class}`) },
    { title: t("licences.areas"), key: "areas", responsive: ["lg"], render: (_, row) => <Areas codes={row.area_codes} /> },
    { title: t("licences.validTo"), key: "to", render: (_, row) => <span className="reg-num">{row.valid_to}</span> },
    { title: t("licences.days"), key: "left", align: "right", render: (_, row) => <Left licence={row} day={day} /> },
  ];
}

function LicenceDrawer({ id, scope, onClose }: { id: string; scope: Scope; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Drawer open={id !== ""} onClose={onClose} size={600} title={t("licences.one")} destroyOnHidden>
      {id && <LicenceOf id={id} scope={scope} />}
    </Drawer>
  );
}

function LicenceOf({ id, scope }: { id: string; scope: Scope }): ReactNode {
  const to = useTo();
  const { t } = useTranslation();
  const query = useLicence(id, scope);
  return (
    <Shown query={query}>
      {(licence) => (
        <div className="reg-drawer">
          <LicenceFacts licence={licence} scope={scope} />
          <p><Link to={to("/unlicensed", { operator_id: licence.operator_id })}>{t("licences.findings")}</Link></p>
        </div>
      )}
    </Shown>
  );
}
