/** The frame of all views: where one is, for which area and which day. */
import { MenuOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet, ScrollRestoration, useLocation } from "react-router";
import { dateTime } from "../../look/time";
import { isTime, useFilters, useScope, useTo } from "../address";
import { covers, rootOf } from "../areas";
import { AreaPicker } from "./AreaPicker";
import { AsOf } from "./AsOf";
import { Person } from "./Person";
import { useMe } from "./me";

const VIEWS = [
  ["exceptions", "/"],
  ["unlicensed", "/unlicensed"],
  ["licences", "/licences"],
  ["coverage", "/coverage"],
  ["missing", "/coverage/missing"],
  ["orders", "/orders"],
  ["operators", "/operators"],
  ["sites", "/sites"],
  ["devices", "/devices"],
] as const;

export function Shell(): ReactNode {
  const { t } = useTranslation();
  const [drawer, setDrawer] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => setDrawer(false), [pathname]);
  return (
    <div className="reg-shell">
      <a className="reg-skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        {t("reg.skip")}
      </a>
      <header className="reg-top">
        <Button className="reg-burger" icon={<MenuOutlined aria-hidden />} aria-label={t("reg.views")} onClick={() => setDrawer(true)} />
        <span className="reg-brand">{t("reg.name")}</span>
        <div className="reg-scope" role="group" aria-label={t("reg.scope")}>
          <AreaPicker />
          <AsOf />
        </div>
        <Person />
      </header>
      <nav className="reg-nav" aria-label={t("reg.views")}><Views /></nav>
      <Drawer open={drawer} onClose={() => setDrawer(false)} placement="left" size={260} title={t("reg.views")}>
        <nav className="reg-nav-drawer" aria-label={t("reg.views")}><Views /></nav>
      </Drawer>
      <main className="reg-main" id="main" ref={main} tabIndex={-1}>
        <Elsewhen />
        <Elsewhere><Outlet /></Elsewhere>
      </main>
      <ScrollRestoration getKey={(location) => location.pathname + location.search} />
    </div>
  );
}

function Views(): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  return (
    <ul>
      {VIEWS.map(([view, path]) => (
        <li key={view}>
          <NavLink to={to(path)} end={path === "/" || path === "/coverage"}>{t(`view.${view}.title`)}</NavLink>
        </li>
      ))}
    </ul>
  );
}

/** Another day than today, or an older knowledge: said on every view until it is taken back. */
function Elsewhen(): ReactNode {
  const { t } = useTranslation();
  const scope = useScope();
  const { change } = useFilters();
  if (!scope.at && !scope.knownAt) return null;
  const parts = [
    scope.at ? t("reg.asOf", { day: scope.at }) : t("reg.asOfToday"),
    scope.knownAt && t("reg.asKnown", { time: isTime(scope.knownAt) ? dateTime(scope.knownAt) : scope.knownAt }),
  ];
  return (
    <Alert
      className="reg-when"
      type="warning"
      showIcon
      title={parts.filter(Boolean).join(t("reg.comma"))}
      action={<Button size="small" onClick={() => change({ at: null, known_at: null })}>{t("reg.backToToday")}</Button>}
    />
  );
}

/** An address from somebody else may name an area that is not this person's: nothing is said of it, not even zero. */
function Elsewhere({ children }: { children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const { area } = useScope();
  const { change } = useFilters();
  if (!area || covers(rootOf(me.area_code), area)) return children;
  return (
    <Alert
      type="warning"
      showIcon
      title={t("reg.notYourArea")}
      action={<Button size="small" onClick={() => change({ area: null })}>{t("reg.backToOwn")}</Button>}
    />
  );
}
