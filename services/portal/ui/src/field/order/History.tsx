/** What was done, in the order in which it was, by the phones' times; what waits on this phone is marked. */
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Order } from "../../api/types";
import { dateTime } from "../../look/time";
import { useField } from "../field";
import { Times, To } from "../look";
import type { Reading } from "../outbox/entry";
import type { Shown } from "./merged";
import { CORRECTABLE } from "./steps";

export function History({ order, all, canCorrect }: { order: Order; all: readonly Shown[]; canCorrect: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="panel">
      <h2>{t("field.history")}</h2>
      {all.length === 0 && <p className="hint">{t("field.noHistory")}</p>}
      <ol className="history">
        {all.map((one) => <Line key={one.key} one={one} order={order} canCorrect={canCorrect} />)}
      </ol>
    </div>
  );
}

function Line({ one, order, canCorrect }: { one: Shown; order: Order; canCorrect: boolean }): ReactNode {
  const { t } = useTranslation();
  const state = one.entry?.state;
  const device = new Date(one.device_ms).toISOString();
  return (
    <li className={state && state !== "done" ? `mine ${state}` : ""}>
      <span className="row">
        <span>
          <strong>{one.kind === "step" ? t(`step.${one.step}`) : t(`orderItem.${one.step}`)}</strong>
          {one.person && <span className="hint"> {one.person}</span>}
        </span>
        {canCorrect && one.kind === "step" && CORRECTABLE.has(one.step) && (
          <To to={{ order: order.order_id, step: one.step, corrects: device }} className="plain">{t("field.correct")}</To>
        )}
      </span>
      {state === "waiting" && <span className="tag waiting">{t("field.waiting")}</span>}
      {state === "refused" && <To to={{ view: "outbox" }} className="tag refused">{t("field.refused")}</To>}
      {state === "aside" && <To to={{ view: "outbox" }} className="tag">{t("field.aside")}</To>}
      <Times device={one.by_phone ? one.device_ms : null} server={one.server_at ?? one.entry?.answer?.server_ms ?? null} />
      {one.corrects && <p className="hint">{t("field.correctsAt", { time: dateTime(one.corrects) })}</p>}
      <Readings readings={one.readings} />
      {one.note && <p>{one.note}</p>}
      <Photos server={one.attachment_ids} phone={one.photo_ids} />
    </li>
  );
}

export function Readings({ readings }: { readings: readonly Partial<Reading>[] }): ReactNode {
  const { t } = useTranslation();
  return readings.map((reading, place) => (
    <p key={place} className="reading">
      {reading.lel_percent !== undefined && <b>{reading.lel_percent} %LEL </b>}
      {reading.ppm !== undefined && <b>{reading.ppm} ppm </b>}
      <span className="hint">
        {reading.instrument_serial && t("field.instrumentNo", { serial: reading.instrument_serial })}{" "}
        {reading.calibrated_on && t("field.calibratedOn", { day: reading.calibrated_on })}
      </span>
    </p>
  ));
}

function Photos({ server, phone }: { server: readonly string[]; phone: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  if (server.length + phone.length === 0) return null;
  return (
    <span className="photos">
      {server.map((id) => (
        <a key={id} href={`/api/v1/attachments/${id}/content`} target="_blank" rel="noreferrer">
          <img src={`/api/v1/attachments/${id}/content`} alt={t("field.photo")} loading="lazy" />
        </a>
      ))}
      {phone.map((id) => <KeptImage key={id} id={id} />)}
    </span>
  );
}

/** A photo that is on this phone. */
export function KeptImage({ id }: { id: string }): ReactNode {
  const { t } = useTranslation();
  const { store } = useField();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let made: string | null = null;
    let gone = false;
    void store.photo(id).then((kept) => {
      if (gone || !kept) return;
      made = URL.createObjectURL(new Blob([kept.bytes], { type: "image/jpeg" }));
      setUrl(made);
    });
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [id, store]);
  return url ? <img src={url} alt={t("field.photo")} /> : <span className="hint">{t("field.photoSent")}</span>;
}
