/** What stands there when a view broke, or when an address leads nowhere: a way on, never an empty page. */
import { Alert } from "antd";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useRouteError } from "react-router";
import { useTo } from "../address";

export function Broken(): ReactNode {
  const { t } = useTranslation();
  const error = useRouteError();
  useEffect(() => console.error(error), [error]);
  return (
    <main className="reg-main">
      <Alert
        type="error"
        showIcon
        role="alert"
        title={t("reg.broken")}
        description={<a href="/regulator/">{t("reg.home")}</a>}
      />
    </main>
  );
}

export function NoSuchPage(): ReactNode {
  const { t } = useTranslation();
  const to = useTo();
  return (
    <>
      <h1>{t("reg.noSuchPage")}</h1>
      <p><Link to={to("/")}>{t("reg.home")}</Link></p>
    </>
  );
}
