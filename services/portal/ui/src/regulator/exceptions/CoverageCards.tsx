import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Coverage } from "../../api/types";
import { type Scope, useTo } from "../address";
import { useAreaName } from "../areas";
import { LACKS, isBelow, targetOf, total } from "../coverage/rollup";
import { useTallies } from "../data/lists";
import { percent } from "../parts/Bits";
import { Card } from "./Card";

const SHOWN_MAX = 6;

export function Uncovered({ scope }: { scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  return (
    <Card<Coverage>
      kind="uncovered"
      query={useTallies(scope, "county")}
      find={(rows) => {
        const sum = total(rows);
        return {
          count: sum.obliged - sum.covered,
          of: sum.obliged,
          nobody: sum.obliged === 0,
          to: to("/coverage/missing"),
          // A user who lacks both stands in two of them.
          parts: LACKS.map((reason) => ({
            text: t(`missingReason.${reason}`),
            count: sum.missing[reason] ?? 0,
            to: to("/coverage/missing", { reason }),
          })),
        };
      }}
    />
  );
}

/** Counties under the target, those with the lowest share first. */
export function CountiesBelow({ scope, target }: { scope: Scope; target: string }): ReactNode {
  const to = useTo();
  const name = useAreaName();
  const aim = targetOf(target);
  const given = target === "" ? null : aim;
  return (
    <Card<Coverage>
      kind="below"
      query={useTallies(scope, "county")}
      find={(rows) => {
        const low = rows
          .filter((row) => isBelow(row, aim))
          .sort((one, other) => one.covered / one.obliged - other.covered / other.obliged);
        const counties = rows.filter((row) => row.obliged > 0).length;
        return {
          count: low.length,
          of: counties,
          nobody: counties === 0,
          to: to("/coverage", { below: 1, target: given }),
          parts: low.slice(0, SHOWN_MAX).map((row) => ({
            text: name(row.group),
            count: row.obliged - row.covered,
            shown: `${row.covered} / ${row.obliged}  ${percent(row.covered, row.obliged)}`,
            to: to("/coverage", { area: row.group, target: given }),
          })),
        };
      }}
    />
  );
}
