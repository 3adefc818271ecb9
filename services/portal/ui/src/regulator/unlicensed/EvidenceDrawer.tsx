/** What a proposal rests on, and what the law says; publishing is not done here. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Drawer } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Licence, Unlicensed } from "../../api/types";
import { type Scope, dayOf, useScope } from "../address";
import { readUnlicensed } from "../data/lists";
import { useLicence, useSite } from "../data/one";
import { LicenceFacts } from "../licences/LicenceFacts";
import { Areas, Facts, Mark, OperatorLink, SiteLink } from "../parts/Bits";
import { Nothing, Shown } from "../parts/States";
import { UNVERIFIED, basisOf, parted } from "./reasons";

export function EvidenceDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const asked = parted(id);
  return (
    <Drawer open={asked !== null} onClose={onClose} size={680} title={t("unlicensed.evidence")} destroyOnHidden>
      {asked && <Asked operatorId={asked.operatorId} reason={asked.reason} />}
    </Drawer>
  );
}

function Asked({ operatorId, reason }: { operatorId: string; reason: Unlicensed["reason"] }): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const query = useQuery({
    queryKey: ["unlicensed", scope, operatorId, reason],
    queryFn: () => readUnlicensed(scope, { operator_id: operatorId, reason }, { limit: 1 }),
  });
  return (
    <Shown query={query}>
      {(page) => {
        const found = page.items[0];
        return found ? <Evidence found={found} scope={scope} /> : <Nothing text={t("unlicensed.gone", { day: dayOf(scope) })} />;
      }}
    </Shown>
  );
}

function Evidence({ found, scope }: { found: Unlicensed; scope: Scope }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="reg-drawer">
      <Alert type="info" showIcon title={t("unlicensed.machineProposes")} />
      <Facts
        rows={[
          [t("common.operator"), <OperatorLink id={found.operator_id} name={found.name} />],
          [t("common.reason"), <Mark tone="bad">{t(`reason.${found.reason}`)}</Mark>],
          [t("unlicensed.since"), found.since ?? t("unlicensed.sinceUnknown")],
          [t("unlicensed.means"), t(`reasonMeans.${found.reason}`)],
          [t("common.area"), <Areas codes={found.area_codes} />],
          [t("reg.at"), found.at],
          [t("common.state"), t(`unlicensedState.${found.state}`, { defaultValue: found.state })],
        ]}
      />
      <Law reason={found.reason} />
      <h3>{t("unlicensed.licences")}</h3>
      {found.evidence.licence_ids.length === 0 && <Nothing text={t("unlicensed.noLicence")} />}
      {found.evidence.licence_ids.map((id) => <LicenceOf key={id} id={id} scope={scope} />)}
      <h3>{t("unlicensed.sites")}</h3>
      {found.evidence.site_ids.length === 0
        ? <Nothing text={t("unlicensed.seatOnly")} />
        : <ul className="reg-sites">{found.evidence.site_ids.map((id) => <li key={id}><SiteOf id={id} scope={scope} /></li>)}</ul>}
      <details>
        <summary>{t("unlicensed.asRecorded")}</summary>
        <p lang="en" className="reg-recorded">{found.evidence.text}</p>
      </details>
    </div>
  );
}

function Law({ reason }: { reason: Unlicensed["reason"] }): ReactNode {
  const { t } = useTranslation();
  const basis = basisOf(reason);
  return (
    <section className="reg-law" aria-labelledby="reg-law">
      <h3 id="reg-law">{t("unlicensed.law")}</h3>
      <Facts
        rows={[
          [t("unlicensed.articles"), t(`basis.${basis}.articles`)],
          [t("unlicensed.says"), t(`basis.${basis}.says`)],
          [t("unlicensed.fine"), t(`basis.${basis}.fine`)],
        ]}
      />
      {reason === "expired" && <p>{t("unlicensed.deemed")}</p>}
      {UNVERIFIED.has(basis) && <p>⚠ {t("unlicensed.unverified")}</p>}
    </section>
  );
}

function LicenceOf({ id, scope }: { id: string; scope: Scope }): ReactNode {
  const query = useLicence(id, scope);
  return <Shown query={query} rows={2}>{(licence: Licence) => <LicenceFacts licence={licence} scope={scope} />}</Shown>;
}

/** A site by its name as soon as that is known; its id leads there at once. */
function SiteOf({ id, scope }: { id: string; scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const { data } = useSite(id, scope);
  return (
    <>
      <SiteLink id={id} name={data?.name} />
      {data && <span className="reg-quiet"> {t(`siteKind.${data.kind}`)}{t("reg.comma")}<Areas codes={[data.area_code]} /></span>}
    </>
  );
}
