/** The kit's look, the person, and which address shows which view. */
import { App as Kit, ConfigProvider, theme as kit } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RouterProvider, createBrowserRouter } from "react-router";
import { popups } from "../look/popups";
import type { Me } from "../people/session";
import { CoverageView } from "./coverage/CoverageView";
import { MissingView } from "./coverage/MissingView";
import { DevicesView } from "./devices/DevicesView";
import { ExceptionsView } from "./exceptions/ExceptionsView";
import { LicencesView } from "./licences/LicencesView";
import { nonce } from "./nonce";
import { OperatorView } from "./operators/OperatorView";
import { OperatorsView } from "./operators/OperatorsView";
import { OverdueView } from "./orders/OverdueView";
import { Broken, NoSuchPage } from "./shell/Broken";
import { MeView } from "./shell/MeView";
import { Shell } from "./shell/Shell";
import { MeContext } from "./shell/me";
import { useTheme } from "./shell/theme";
import { SiteView } from "./sites/SiteView";
import { SitesView } from "./sites/SitesView";
import { UnlicensedView } from "./unlicensed/UnlicensedView";

function makeRouter(): ReturnType<typeof createBrowserRouter> {
  const views = [
    { index: true, element: <ExceptionsView /> },
    { path: "unlicensed", element: <UnlicensedView /> },
    { path: "licences", element: <LicencesView /> },
    { path: "coverage", element: <CoverageView /> },
    { path: "coverage/missing", element: <MissingView /> },
    { path: "orders", element: <OverdueView /> },
    { path: "operators", element: <OperatorsView /> },
    { path: "operators/:id", element: <OperatorView /> },
    { path: "sites", element: <SitesView /> },
    { path: "sites/:id", element: <SiteView /> },
    { path: "devices", element: <DevicesView /> },
    { path: "me", element: <MeView /> },
    { path: "*", element: <NoSuchPage /> },
  ];
  return createBrowserRouter([{ element: <Shell />, errorElement: <Broken />, children: views }], { basename: "/regulator" });
}

const router = makeRouter();

/** Colours that reach 4.5:1 on their ground: the kit's own for notes and links do not. */
const LIGHT = {
  colorPrimary: "#0b57b7",
  colorLink: "#0b57b7",
  colorTextDescription: "#4b5563",
  colorTextPlaceholder: "#5b6472",
  colorTextTertiary: "#4b5563",
  colorTextQuaternary: "#5b6472",
};
const DARK = {
  colorPrimary: "#3d7bd9",
  colorLink: "#8ab8ff",
  colorTextDescription: "#b0b7c1",
  colorTextPlaceholder: "#a0a8b4",
  colorTextTertiary: "#b0b7c1",
  colorTextQuaternary: "#a0a8b4",
};

export function App({ me }: { me: Me }): ReactNode {
  const { i18n } = useTranslation();
  const theme = useTheme();
  const english = i18n.language === "en";
  dayjs.locale(english ? "en" : "zh-cn");
  return (
    <ConfigProvider
      locale={english ? enUS : zhCN}
      {...(nonce ? { csp: { nonce } } : {})}
      getPopupContainer={popups}
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: theme.dark ? kit.darkAlgorithm : kit.defaultAlgorithm,
        token: { ...(theme.dark ? DARK : LIGHT), fontFamily: "inherit", motion: false },
      }}
    >
      <Kit>
        <MeContext value={me}>
          <RouterProvider router={router} />
        </MeContext>
      </Kit>
    </ConfigProvider>
  );
}
