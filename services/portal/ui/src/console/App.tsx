/** What every screen of the console stands in: words, theme, data, who is signed in, live alerts. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider, theme as antdTheme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter } from "react-router";
import { Problem } from "../api/client";
import { popups } from "../look/popups";
import { Gate } from "../people/Gate";
import { LiveProvider } from "./live/LiveProvider";
import { Pages } from "./Pages";
import { MeProvider } from "./shell/me";
import { useTheme } from "./shell/theme";

const TRIES = 3;

/** A refusal stays a refusal; only what did not arrive is asked again. */
function again(count: number, error: Error): boolean {
  const refused = error instanceof Problem && error.status >= 400 && error.status < 500;
  return !refused && count < TRIES;
}

const queries = new QueryClient({
  defaultOptions: { queries: { retry: again, staleTime: 10_000, refetchOnWindowFocus: false } },
});

function nonce(): string {
  const told = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]");
  return told?.nonce ?? "";
}

export function App(): ReactNode {
  const { i18n } = useTranslation();
  const [theme] = useTheme();
  const dark = theme === "dark";
  return (
    <ConfigProvider
      locale={i18n.language === "en" ? enUS : zhCN}
      csp={{ nonce: nonce() }}
      getPopupContainer={popups}
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: dark ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
        token: {
          colorPrimary: dark ? "#7db4f5" : "#0b57b7",
          colorError: dark ? "#ff8a88" : "#b80c26",
          colorLink: dark ? "#8ab8ff" : "#0b57b7",
          colorTextDescription: dark ? "#a9b1bb" : "#565e69",
          colorTextPlaceholder: dark ? "#9aa3ad" : "#666e79",
          borderRadius: 4,
          motion: false,
        },
        // White words need a darker button than a selected tab on black may be.
        components: dark ? { Button: { colorPrimary: "#2f6db8", colorPrimaryHover: "#3a7cc9", colorPrimaryActive: "#285f9f", dangerColor: "#200000" } } : {},
      }}
    >
      <QueryClientProvider client={queries}>
        <BrowserRouter basename="/console">
          <Gate app="console">
            {(me) => (
              <MeProvider me={me}>
                <LiveProvider>
                  <Pages />
                </LiveProvider>
              </MeProvider>
            )}
          </Gate>
        </BrowserRouter>
      </QueryClientProvider>
    </ConfigProvider>
  );
}
