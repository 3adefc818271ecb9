/** Product, whether what is shown is live, who is signed in, sound, language, theme, sign out. */
import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { signOut } from "../../people/session";
import { clock } from "../../look/time";
import { speakAgain } from "../../words";
import { useLine } from "../live/LiveProvider";
import { useNow } from "../live/now";
import { useMay, useMe } from "./me";
import { StartOfWatch } from "./StartOfWatch";
import { useTheme } from "./theme";

export function LineState(): ReactNode {
  const { t } = useTranslation();
  const { state } = useLine();
  const shape = { live: "●", connecting: "◌", lost: "✕" }[state];
  return (
    <span className={`line ${state}`} role="status">
      <span aria-hidden="true">{shape}</span> {t(`shell.line.${state}`)}
    </span>
  );
}

export function Clock(): ReactNode {
  return <time className="figure clock">{clock(useNow())}</time>;
}

function Choices(): ReactNode {
  const { t, i18n } = useTranslation();
  const [theme, choose] = useTheme();
  const english = i18n.language === "en";
  const dark = theme === "dark";
  return (
    <>
      <Button type="text" size="small" lang={english ? "zh-CN" : "en"} onClick={() => void speakAgain(english ? "zh-CN" : "en")}>
        {t(english ? "languageName.zh-CN" : "languageName.en")}
      </Button>
      <Button type="text" size="small" title={t("common.theme")} onClick={() => choose(dark ? "light" : "dark")}>
        {dark ? `☀ ${t("common.light")}` : `☾ ${t("common.dark")}`}
      </Button>
    </>
  );
}

export function TopBar(): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const leave = (): void => {
    void signOut().finally(() => location.reload());
  };
  return (
    <header className="topbar">
      <strong className="product">{t("shell.product")}</strong>
      <LineState />
      <Clock />
      <span className="topbar-space" />
      {may("keepWatch") && <StartOfWatch />}
      <Link className="person" title={t("own.title")} to="/me">
        <bdi>{me.name}</bdi> <small>{t(`role.${me.role}`)}</small>
      </Link>
      <Choices />
      <Button size="small" onClick={leave}>{t("common.signOut")}</Button>
    </header>
  );
}
