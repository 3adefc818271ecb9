/** The frame of all screens: top bar, standing banners, navigation, content. */
import { Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { Dialogs } from "../alerts/Dialogs";
import { AlertDrawer } from "../detail/AlertDrawer";
import { Loading } from "../parts/States";
import { Banners } from "./Banners";
import { Boundary } from "./Boundary";
import { Navigation } from "./Navigation";
import { TopBar } from "./TopBar";

export function Shell(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="shell">
      <a className="skip" href="#content">{t("shell.skip")}</a>
      <TopBar />
      <Banners />
      <div className="shell-body">
        <Navigation />
        <main id="content" tabIndex={-1}>
          <Boundary>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </Boundary>
        </main>
        <AlertDrawer />
      </div>
      <Dialogs />
    </div>
  );
}
