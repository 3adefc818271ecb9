/** The crew's phone app. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { api } from "../api/client";
import { begin } from "../words";
import { Mishap } from "./Mishap";
import { Start } from "./Start";
import { learnClock } from "./outbox/ask";
import { chosenTheme, followPhone, show } from "./theme";
import "./field.css";
import "./work.css";

show(chosenTheme());
followPhone();
api.use({
  onResponse({ response }) {
    learnClock(response);
    return undefined;
  },
});

async function words(language: string): Promise<Record<string, unknown>> {
  const [common, field] =
    language === "en"
      ? await Promise.all([import("../words/en/common.json"), import("../words/en/field.json")])
      : await Promise.all([import("../words/zh-CN/common.json"), import("../words/zh-CN/field.json")]);
  return { ...common.default, ...field.default };
}

async function start(): Promise<void> {
  await begin(words);
  const root = document.getElementById("app");
  if (root) createRoot(root).render(<StrictMode><Mishap><Start /></Mishap></StrictMode>);
  // While developing there is no built worker.
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    await navigator.serviceWorker.register("/field/worker.js", { scope: "/field/" }).catch(() => undefined);
  }
}

void start();
