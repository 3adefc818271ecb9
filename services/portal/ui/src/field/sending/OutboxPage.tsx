/** 待上传: what this phone still has to send, why something was refused, and putting it right. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useField } from "../field";
import { Times, To, useNow } from "../look";
import { age } from "../../look/time";
import { Readings } from "../order/History";
import { clockOffset } from "../outbox/ask";
import type { Entry } from "../outbox/entry";
import { tally } from "../outbox/outbox";
import { Mend } from "./Mend";

const SENT_MAX = 30;
export const CLOCK_MS_MAX = 300_000;

export function OutboxPage(): ReactNode {
  const { t } = useTranslation();
  const { entries, me, flush, link } = useField();
  const mine = entries.filter((entry) => entry.user === me.username);
  const of = (state: Entry["state"]): Entry[] => mine.filter((entry) => entry.state === state);
  const { others } = tally(entries, me.username);
  const sent = of("done").reverse().slice(0, SENT_MAX);
  const waiting = of("waiting");
  return (
    <section aria-labelledby="outbox-title">
      <h1 id="outbox-title">{t("field.outbox")}</h1>
      <p className="hint">{t("field.outboxWhat")}</p>
      <Clock />
      {waiting.length > 0 && (
        <button type="button" className="button wide strong" onClick={flush} disabled={link === "sending"}>
          {t(link === "sending" ? "field.sending" : "field.sendNow")}
        </button>
      )}
      {others.map((other) => (
        <p key={other.user} className="notice" role="status">{t("field.othersWait", { user: other.user, count: other.count })}</p>
      ))}
      <List title={t("field.refusedTitle")} entries={of("refused")} />
      <List title={t("field.waitingTitle")} entries={waiting} empty={t("field.nothingWaits")} />
      <List title={t("field.asideTitle")} entries={of("aside")} />
      {sent.length > 0 && (
        <details className="others">
          <summary>{t("field.sentTitle")}</summary>
          <ol className="cards">{sent.map((entry) => <li key={entry.seq} className="card entry"><One entry={entry} /></li>)}</ol>
        </details>
      )}
    </section>
  );
}

/** A phone whose clock is wrong says so: what it reports carries both times. */
function Clock(): ReactNode {
  const { t } = useTranslation();
  const now = useNow();
  const offset = clockOffset();
  if (offset === null || Math.abs(offset) < CLOCK_MS_MAX) return null;
  return <p className="notice warn" role="status">{t(offset > 0 ? "field.clockSlow" : "field.clockFast", { span: age(now - Math.abs(offset), now) })}</p>;
}

function List({ title, entries, empty }: { title: string; entries: readonly Entry[]; empty?: string }): ReactNode {
  if (entries.length === 0 && !empty) return null;
  return (
    <>
      <h2>{title}</h2>
      {entries.length === 0 && <p className="empty">{empty}</p>}
      <ol className="cards">{entries.map((entry) => <li key={entry.seq} className={`card entry is-${entry.state}`}><One entry={entry} /></li>)}</ol>
    </>
  );
}

function One({ entry }: { entry: Entry }): ReactNode {
  const { t } = useTranslation();
  const { orders } = useField();
  const order = orders.value?.find((one) => one.order_id === entry.order_id);
  const photos = entry.photos.filter((photo) => !photo.dropped);
  const sent = photos.filter((photo) => photo.attachment_id !== null).length;
  return (
    <>
      <strong>{entry.action === "step" ? t(`step.${entry.step}`) : t(`field.move.${entry.action}`)}</strong>
      <To to={{ order: entry.order_id }} className="plain">{order?.text ?? t("field.orderNo", { id: entry.order_id })}</To>
      <Times device={entry.device_ms} server={entry.answer?.server_ms ?? null} />
      <Readings readings={entry.readings} />
      {(entry.note ?? entry.reason) && <p>{entry.note ?? entry.reason}</p>}
      {photos.length > 0 && <p>{t("field.photosSent", { sent, count: photos.length })}</p>}
      {entry.answer?.how === "found" && <p className="hint">{t("field.foundThere")}</p>}
      {entry.former.map((former) => <p key={former.id} className="hint">{t([`field.former.${former.why}`, "field.former.mended"])}</p>)}
      {entry.state === "waiting" && <Why entry={entry} />}
      {(entry.state === "refused" || entry.state === "aside") && <Mend entry={entry} />}
      <Details entry={entry} />
    </>
  );
}

/** Why it has not gone yet. */
function Why({ entry }: { entry: Entry }): ReactNode {
  const { t } = useTranslation();
  const { link, entries } = useField();
  const before = entries.some((one) => one.order_id === entry.order_id && one.user === entry.user && one.seq < entry.seq && one.state === "waiting");
  const stuck = entry.action !== "step" && !entry.knowing &&
    entries.some((one) => one.order_id === entry.order_id && one.user === entry.user && one.seq < entry.seq && one.state === "refused" && one.action !== "step");
  const why = stuck ? "stuck" : before ? "before" : link === "idle" ? (entry.fault ? "later" : "soon") : link;
  return <p className="hint">{t(`field.why.${why}`)}{entry.tries > 0 && ` · ${t("field.tries", { count: entry.tries })}`}</p>;
}

function Details({ entry }: { entry: Entry }): ReactNode {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details className="others" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("field.details")}</summary>
      {open && (
        <p className="hint mono">
          {t("field.key", { id: entry.id })}<br />
          {entry.former.map((former) => <span key={former.id}>{t("field.formerKey", { id: former.id })}<br /></span>)}
          {entry.fault && <>{entry.fault.status} {entry.fault.type} {entry.fault.detail}</>}
        </p>
      )}
    </details>
  );
}
