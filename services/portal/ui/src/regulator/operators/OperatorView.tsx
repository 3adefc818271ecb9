/** One gas company: what stands against it, its licences, its sites. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import type { Licence, Operator, Site } from "../../api/types";
import { type Scope, useScope } from "../address";
import { readLicences, readSites } from "../data/lists";
import { useOperator } from "../data/one";
import { useAll } from "../data/pages";
import { LicenceFacts } from "../licences/LicenceFacts";
import { Areas, Facts } from "../parts/Bits";
import { Export } from "../parts/Filters";
import { Paged } from "../parts/Paged";
import { Nothing, Shown } from "../parts/States";
import { ViewHead } from "../parts/What";
import { useSiteColumns } from "../sites/columns";
import { Belongings, Standing } from "./OperatorsView";

export function OperatorView(): ReactNode {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const scope = useScope();
  const query = useOperator(id, scope);
  const filters = { operator_id: id };
  return (
    <>
      <ViewHead view="operator" words={["operator", "licence", "proposed"]} />
      <Shown query={query}>{(operator) => <Firm operator={operator} />}</Shown>
      <Licences id={id} scope={scope} />
      <div className="reg-head-line">
        <h2>{t("view.sites.title")}</h2>
        <Export resource="sites" scope={scope} filters={filters} />
      </div>
      <Paged<Site>
        of={["sites", scope, filters]}
        read={(at) => readSites(scope, filters, at)}
        columns={useSiteColumns({ ofOne: true })}
        rowKey={(row) => row.site_id}
        empty={t("sites.empty")}
        label={t("view.sites.title")}
      />
    </>
  );
}

function Firm({ operator }: { operator: Operator }): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="reg-panel" aria-labelledby="reg-firm">
      <h2 id="reg-firm">{operator.name}</h2>
      <Facts
        rows={[
          [t("operators.standing"), <Standing id={operator.operator_id} />],
          [t("reg.id"), <span className="reg-code">{operator.operator_id}</span>],
          [t("operators.creditCode"), <span className="reg-code">{operator.credit_code}</span>],
          [t("operators.seat"), <Areas codes={[operator.area_code]} />],
          [t("operators.belongings"), <Belongings id={operator.operator_id} />],
        ]}
      />
    </section>
  );
}

/** Wherever a licence was issued for: the chosen area does not narrow it. */
function Licences({ id, scope }: { id: string; scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const query = useAll<Licence>(["licences", scope.at, scope.knownAt, id], (at) =>
    readLicences({ ...scope, area: "" }, { operator_id: id }, at));
  return (
    <>
      <h2>{t("view.licences.title")}</h2>
      <Shown query={query} rows={2}>
        {({ items }) => items.length === 0
          ? <Nothing text={t("unlicensed.noLicence")} />
          : items.map((licence) => (
            <section key={licence.licence_id} className="reg-panel"><LicenceFacts licence={licence} scope={scope} /></section>
          ))}
      </Shown>
    </>
  );
}
