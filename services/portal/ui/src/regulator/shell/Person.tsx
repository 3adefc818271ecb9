/** Who is signed in; language, theme, and the way out. */
import { UserOutlined } from "@ant-design/icons";
import { Button, Popover, Radio } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { signOut } from "../../people/session";
import { LANGUAGES, speakAgain } from "../../words";
import { rootOf, useAreaName } from "../areas";
import { beside } from "./beside";
import { useMe } from "./me";
import { THEMES, choose, useTheme } from "./theme";

export function Person(): ReactNode {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <Popover content={<Card />} trigger="click" placement="bottomRight" getPopupContainer={beside}>
      <Button className="reg-person" type="text" icon={<UserOutlined aria-hidden />} aria-label={`${t("reg.person")}: ${me.name}`}>
        <span className="reg-person-name">{me.name}</span>
      </Button>
    </Popover>
  );
}

function Card(): ReactNode {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const area = useAreaName();
  const { theme } = useTheme();
  return (
    <div className="reg-card">
      <p>
        <strong>{me.name}</strong>
        <br />
        {t(`role.${me.role}`)} · {area(rootOf(me.area_code))}
      </p>
      <p><Link to="/me">{t("own.title")}</Link></p>
      <fieldset>
        <legend>{t("common.language")}</legend>
        <Radio.Group
          name="language"
          value={i18n.language}
          onChange={(event) => void speakAgain(event.target.value as (typeof LANGUAGES)[number])}
          options={LANGUAGES.map((one) => ({ value: one, label: t(`reg.languageName.${one}`) }))}
        />
      </fieldset>
      <fieldset>
        <legend>{t("common.theme")}</legend>
        <Radio.Group
          name="theme"
          value={theme}
          onChange={(event) => choose(event.target.value as (typeof THEMES)[number])}
          options={THEMES.map((one) => ({ value: one, label: t(`common.${one}`) }))}
        />
      </fieldset>
      <Button onClick={() => void signOut().finally(() => location.reload())}>{t("common.signOut")}</Button>
    </div>
  );
}
