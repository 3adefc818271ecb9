/** The first view: what is not as it must be, as numbers that lead to their lists. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFilters, useScope } from "../address";
import { ViewHead } from "../parts/What";
import { CountiesBelow, Uncovered } from "./CoverageCards";
import { ExpiringCard } from "./ExpiringCard";
import { OverdueCard } from "./OverdueCard";
import { UnlicensedCard } from "./UnlicensedCard";

export function ExceptionsView(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { filter } = useFilters();
  return (
    <>
      <ViewHead view="exceptions" words={["unlicensed", "obliged", "coverage", "renewal"]} />
      <div className="reg-cards" aria-label={t("view.exceptions.title")}>
        <UnlicensedCard scope={scope} />
        <Uncovered scope={scope} />
        <CountiesBelow scope={scope} target={filter("target")} />
        <ExpiringCard scope={scope} />
        <OverdueCard scope={scope} />
      </div>
    </>
  );
}
