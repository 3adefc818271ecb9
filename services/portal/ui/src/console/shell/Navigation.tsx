/** The screens that a role has. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { type Deed, useMay } from "./me";

const SCREENS: readonly { to: string; word: string; needs?: Deed }[] = [
  { to: "/alerts", word: "alerts" },
  { to: "/orders", word: "orders" },
  { to: "/map", word: "map" },
  { to: "/devices", word: "devices" },
  { to: "/handover", word: "handover", needs: "seeValves" },
  { to: "/figures", word: "figures" },
  { to: "/rules", word: "rules" },
  { to: "/notices", word: "notices", needs: "seeNotices" },
  { to: "/people", word: "people", needs: "seePeople" },
  { to: "/audit", word: "audit", needs: "seeAudit" },
  { to: "/wall", word: "wall" },
];

export function Navigation(): ReactNode {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <nav className="navigation" aria-label={t("shell.screens")}>
      {SCREENS.filter(({ needs }) => needs === undefined || may(needs)).map(({ to, word }) => (
        <NavLink key={to} to={to}>{t(`nav.${word}`)}</NavLink>
      ))}
    </nav>
  );
}
