import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Licence } from "../../api/types";
import { type Scope, dayOf, useTo } from "../address";
import { readLicences } from "../data/lists";
import { useAll } from "../data/pages";
import { LONGEST, WITHIN, endingWithin } from "../licences/expiry";
import { Card } from "./Card";

/** The number is that of 90 days; 60 and 30 are in it. */
export function ExpiringCard({ scope }: { scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const query = useAll(["licences", scope, LONGEST], (at) => readLicences(scope, { expiring_within: LONGEST }, at));
  return (
    <Card<Licence>
      kind="expiring"
      query={query}
      find={(rows) => ({
        count: rows.length,
        to: to("/licences", { expiring_within: LONGEST }),
        parts: WITHIN.map((days) => ({
          text: t("licences.within", { days }),
          count: endingWithin(rows, dayOf(scope), days),
          to: to("/licences", { expiring_within: days }),
        })),
      })}
    />
  );
}
