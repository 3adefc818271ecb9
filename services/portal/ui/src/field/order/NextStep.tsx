/** The one large button for what comes next; everything else is a step away. */
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { go } from "../address";
import { useField } from "../field";
import { To } from "../look";
import type { Done, Move } from "../outbox/entry";
import { isEnded } from "../orders/useOrders";
import { WORK_STEPS, nextOf } from "./steps";

export function nothingDone(orderId: string): Done {
  return { order_id: orderId, action: "step", step: null, reason: null, note: null, corrects: null, readings: [], position: null, photos: [] };
}

const REST_MS = 1_500;

interface Props {
  order: Order;
  state: string;
  reported: ReadonlySet<string>;
  isMine: boolean;
}

export function NextStep({ order, state, reported, isMine }: Props): ReactNode {
  const { t } = useTranslation();
  const { me, act } = useField();
  const [closing, setClosing] = useState(false);
  const [resting, setResting] = useState(false);
  const [broken, setBroken] = useState(false);
  const busy = useRef(false);
  const isLead = me.role === "crew_lead";
  const next = isMine ? nextOf(state, order.kind, reported, isLead) : null;

  async function move(what: Move, reason: string | null): Promise<void> {
    if (busy.current) return;
    busy.current = true;
    setBroken(false);
    // The button says something else in a moment: a glove that taps twice must not do that, too.
    setResting(true);
    setTimeout(() => setResting(false), REST_MS);
    try {
      await act({ ...nothingDone(order.order_id), action: what, reason }, crypto.randomUUID());
      navigator.vibrate?.(40);
      setClosing(false);
    } catch {
      setBroken(true);
    } finally {
      busy.current = false;
    }
  }

  if (closing) return <Closing onClose={(reason) => void move("close", reason)} onCancel={() => setClosing(false)} />;
  const canAct = isMine && !isEnded(state);
  return (
    <>
      {(state === "on_site" || !canAct) && <OtherSteps order={order} reported={reported} />}
      {canAct && state === "on_site" && isLead && next?.what === "step" && (
        <button type="button" className="button wide" onClick={() => setClosing(true)}>{t("field.closeNow")}</button>
      )}
      <div className="next">
        {broken && <p className="notice bad" role="alert">{t("field.notKept")}</p>}
        {next?.what === "move" && (
          <button type="button" className="big" disabled={resting} onClick={() => (next.move === "close" ? setClosing(true) : void move(next.move, null))}>
            {t(`field.move.${next.move}`)}
          </button>
        )}
        {next?.what === "step" && (
          <button type="button" className="big" disabled={resting} onClick={() => go({ order: order.order_id, step: next.step })}>
            <small>{t("field.nextStep")}</small> {t(`step.${next.step}`)}
          </button>
        )}
        {next?.what === "lead_closes" && <p className="notice">{t("field.leadCloses")}</p>}
      </div>
    </>
  );
}

/** Any step, also out of order or once more; late ones too, for the server takes them in any state. */
function OtherSteps({ order, reported }: { order: Order; reported: ReadonlySet<string> }): ReactNode {
  const { t } = useTranslation();
  return (
    <details className="others">
      <summary>{t("field.otherSteps")}</summary>
      <ul>
        {WORK_STEPS.map((step) => (
          <li key={step}>
            <To to={{ order: order.order_id, step }} className="button wide">
              {reported.has(step) && <span className="tick" role="img" aria-label={t("field.reported")}>✓</span>} {t(`step.${step}`)}
            </To>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Closing({ onClose, onCancel }: { onClose: (reason: string | null) => void; onCancel: () => void }): ReactNode {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  return (
    <form
      className="next closing"
      onSubmit={(event) => {
        event.preventDefault();
        onClose(reason.trim() || null);
      }}
    >
      <h2>{t("field.closeTitle")}</h2>
      <p>{t("field.closeWhat")}</p>
      <label>
        {t("field.closeReason")}
        <textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={2_000} rows={2} />
      </label>
      <button type="submit" className="big">{t("field.move.close")}</button>
      <button type="button" className="button wide" onClick={onCancel}>{t("common.cancel")}</button>
    </form>
  );
}
