/** What every screen of the console stands in: words, theme, data, who is signed in, live alerts. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider, theme as antdTheme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter } from "react-router";
import { Problem } from "../api/client";
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
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: dark ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
        token: { colorPrimary: dark ? "#4c8dd6" : "#0b57b7", borderRadius: 4, motion: false, colorTextDescription: dark ? "#a9b1bb" : "#565e69" },
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
