/** A licence as its certificate says it, and where it stands. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Licence } from "../../api/types";
import { type Scope, dayOf } from "../address";
import { useOperatorName } from "../data/one";
import { Areas, Facts, Mark, OperatorLink, type Tone } from "../parts/Bits";
import { daysLeft } from "./expiry";

const TONES: Record<Licence["state"], Tone> = {
  applied: "unclear",
  valid: "good",
  renewal_pending: "good",
  expired: "bad",
  suspended: "bad",
  withdrawn: "bad",
  annulled: "bad",
  revoked: "bad",
  deregistered: "bad",
};

export function LicenceState({ state }: { state: Licence["state"] }): ReactNode {
  const { t } = useTranslation();
  return <Mark tone={TONES[state]}>{t(`licenceState.${state}`)}</Mark>;
}

/** By then a renewal must have been applied for. */
const SOON = 30;

/** What ended before its time has no days left, whatever its certificate says. */
const RUNS: ReadonlySet<Licence["state"]> = new Set(["valid", "renewal_pending", "suspended", "expired"]);

/** How many days a licence lasts, or for how many it is over. */
export function Left({ licence, day }: { licence: Licence; day: string }): ReactNode {
  const { t } = useTranslation();
  if (!RUNS.has(licence.state)) return null;
  const left = daysLeft(licence.valid_to, day);
  if (left < 0) return <span className="reg-num">{t("licences.over", { count: -left })}</span>;
  return <span className={left <= SOON ? "reg-num reg-soon" : "reg-num"}>{t("licences.left", { count: left })}</span>;
}

export function LicenceFacts({ licence, scope }: { licence: Licence; scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const operatorName = useOperatorName();
  return (
    <Facts
      rows={[
        [t("licences.number"), <span className="reg-code">{licence.number}</span>],
        [t("common.operator"), <OperatorLink id={licence.operator_id} name={operatorName(licence.operator_id)} />],
        [t("licences.class"), t(`licenceClass.${licence.class}`)],
        [t("licences.areas"), <Areas codes={licence.area_codes} />],
        [t("licences.issued"), `${licence.issued_by} ${licence.issued_on}`],
        [t("licences.validity"), <>{licence.valid_from} – {licence.valid_to} <Left licence={licence} day={dayOf(scope)} /></>],
        [t("common.state"), <LicenceState state={licence.state} />],
        [t("licences.renewalFiled"), licence.renewal_filed_on],
        [t("licences.stateReason"), licence.state_reason],
      ]}
    />
  );
}
