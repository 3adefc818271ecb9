/** The app of authorities: who operates without a licence, who has no alarm, in their area. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "../api/client";
import { Gate } from "../people/Gate";
import { type Language, begin } from "../words";
import { App } from "./App";
import { giveNonceToStyles } from "./nonce";
import "./regulator.css";

async function words(language: Language): Promise<Record<string, unknown>> {
  const [common, own] = await (language === "en"
    ? Promise.all([import("../words/en/common.json"), import("../words/en/regulator.json")])
    : Promise.all([import("../words/zh-CN/common.json"), import("../words/zh-CN/regulator.json")]));
  return { ...common.default, ...own.default };
}

/** What the API refuses it refuses again; what did not arrive is tried once more. */
function again(failures: number, error: unknown): boolean {
  const refused = error instanceof Problem && error.status < 500;
  return !refused && failures < 1;
}

const queries = new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 30_000 } } });

giveNonceToStyles();
await begin(words);
const place = document.getElementById("app");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Gate app="regulator">{(me) => <App me={me} />}</Gate>
      </QueryClientProvider>
    </StrictMode>,
  );
}
