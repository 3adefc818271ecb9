/** The console of a gas operator's watch. */
import { createRoot } from "react-dom/client";
import { begin, type Language } from "../words";
import { App } from "./App";
import "./console.css";

async function words(language: Language): Promise<Record<string, unknown>> {
  const [common, own] =
    language === "en"
      ? await Promise.all([import("../words/en/common.json"), import("../words/en/console.json")])
      : await Promise.all([import("../words/zh-CN/common.json"), import("../words/zh-CN/console.json")]);
  return { ...common.default, ...own.default };
}

const place = document.getElementById("app");
if (place) void begin(words).then(() => createRoot(place).render(<App />));
