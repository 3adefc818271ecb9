/** A screen: its title, a (?) that says what it is, and its content. */
import { Button, Drawer } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

/** The glossary words of each screen; their meanings stand in the catalogue. */
const GLOSSARY = {
  alerts: ["alert", "active", "acknowledge", "confirm", "shelve", "silence", "latched", "setPoint", "lel", "stale"],
  orders: ["order", "crew", "duty", "late"],
  map: ["site", "cluster", "gcj02"],
  devices: ["detector", "valve", "controller", "unknownState", "life", "coverage"],
  rules: ["setPoint", "deadband", "delay", "latched", "verified", "scope"],
  notices: ["contact", "route", "delivery", "level"],
  handover: ["handover"],
  figures: ["flood", "chattering", "stale", "position"],
  people: ["role", "firstPassword", "secondFactor"],
  audit: ["audit", "intent"],
  me: ["secondFactor"],
} as const;
export type Screen = keyof typeof GLOSSARY;

export function What({ screen }: { screen: Screen }): ReactNode {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button shape="circle" size="small" aria-label={t("common.what")} title={t("common.what")} onClick={() => setOpen(true)}>?</Button>
      <Drawer open={open} onClose={() => setOpen(false)} title={t("common.what")} size={420} destroyOnHidden>
        <p>{t(`what.${screen}`)}</p>
        <dl className="glossary">
          {GLOSSARY[screen].map((word) => (
            <div key={word}>
              <dt>{t(`glossary.${word}.word`)}</dt>
              <dd>{t(`glossary.${word}.means`)}</dd>
            </div>
          ))}
        </dl>
      </Drawer>
    </>
  );
}

interface PageProps {
  screen: Screen;
  actions?: ReactNode;
  children: ReactNode;
  /** The content fills the window instead of scrolling with it. */
  full?: boolean;
}

export function Page({ screen, actions, children, full = false }: PageProps): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={full ? "page full" : "page"} aria-labelledby="page-title">
      <header className="page-head">
        <h1 id="page-title">{t(`nav.${screen}`)}</h1>
        <What screen={screen} />
        <div className="page-actions">{actions}</div>
      </header>
      {children}
    </section>
  );
}
