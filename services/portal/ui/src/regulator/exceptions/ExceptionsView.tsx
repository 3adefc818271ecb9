/** The first view: what is not as it must be, as numbers that lead to their lists. */
import type { ReactNode } from "react";
import { useFilters, useScope } from "../address";
import { ViewHead } from "../parts/What";
import { CountiesBelow, Uncovered } from "./CoverageCards";
import { ExpiringCard } from "./ExpiringCard";
import { OverdueCard } from "./OverdueCard";
import { UnlicensedCard } from "./UnlicensedCard";

export function ExceptionsView(): ReactNode {
  const scope = useScope();
  const { filter } = useFilters();
  return (
    <>
      <ViewHead view="exceptions" words={["unlicensed", "obliged", "coverage", "renewal"]} />
      <div className="reg-cards">
        <UnlicensedCard scope={scope} />
        <Uncovered scope={scope} />
        <CountiesBelow scope={scope} target={filter("target")} />
        <ExpiringCard scope={scope} />
        <OverdueCard scope={scope} />
      </div>
    </>
  );
}
