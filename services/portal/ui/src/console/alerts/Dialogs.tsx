/** The dialogs of an alert: one or many are acknowledged, shelved …; nothing closes before the server agreed. */
import { type ReactNode, Suspense, lazy } from "react";
import { useCell } from "../live/cell";
import { AcknowledgeMany } from "./AcknowledgeMany";
import { OpenOrder } from "../orders/OpenOrder";
import { dialog } from "./dialogs";
import { ShelveForm } from "./ShelveForm";
import { SilenceMany } from "./SilenceMany";
import { WordsForm } from "./WordsForm";

const CloseValve = lazy(() => import("../valves/CloseValve"));

export function Dialogs(): ReactNode {
  const open = useCell(dialog);
  if (open === null) return null;
  const done = (): void => dialog.set(null);
  if (open.kind === "close") {
    return <Suspense><CloseValve valveId={open.valveId} siteId={open.siteId} onDone={done} /></Suspense>;
  }
  const [first] = open.alerts;
  if (!first) return null;
  switch (open.kind) {
    case "acknowledge":
      return <AcknowledgeMany alerts={open.alerts} onDone={done} />;
    case "silence":
      return <SilenceMany alerts={open.alerts} onDone={done} />;
    case "shelve":
      return <ShelveForm alerts={open.alerts} onDone={done} />;
    case "dispatch":
      return <OpenOrder alerts={open.alerts} onDone={done} />;
    case "confirm":
    case "assign":
      return <WordsForm kind={open.kind} alert={first} onDone={done} />;
  }
}
