import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Unlicensed } from "../../api/types";
import { type Scope, useTo } from "../address";
import { readUnlicensed } from "../data/lists";
import { useAll } from "../data/pages";
import { REASONS } from "../unlicensed/reasons";
import { Card } from "./Card";

/** Firms count once, however many reasons there are against them. */
export function UnlicensedCard({ scope }: { scope: Scope }): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  const query = useAll(["unlicensed", scope], (at) => readUnlicensed(scope, {}, at));
  return (
    <Card<Unlicensed>
      kind="unlicensed"
      query={query}
      find={(rows) => ({
        count: new Set(rows.map((row) => row.operator_id)).size,
        to: to("/unlicensed"),
        parts: REASONS.map((reason) => ({
          text: t(`reason.${reason}`),
          count: rows.filter((row) => row.reason === reason).length,
          to: to("/unlicensed", { reason }),
        })),
      })}
    />
  );
}
