/** Why the server refused something, and the ways to put it right; its time stays, and nothing is thrown away. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useField } from "../field";
import { ReadingFields } from "../order/StepForm";
import { checked, today } from "../order/readings";
import type { Entry } from "../outbox/entry";
import { type Mending, mayBeThere } from "../outbox/outbox";
import type { Draft } from "../outbox/store";

export function Mend({ entry }: { entry: Entry }): ReactNode {
  const { t } = useTranslation();
  const { mend } = useField();
  const fault = entry.fault;
  const put = (mending: Mending): void => void mend(entry, mending);
  const broken = mayBeThere(entry);
  const unsent = entry.photos.find((one) => one.attachment_id === null && !one.dropped)?.photo_id ?? null;
  const photo = fault?.photo_id ?? unsent;
  return (
    <div className="mend">
      {fault && (
        <p className="notice bad">
          {t([`field.refusal.${fault.type}`, `problem.${fault.type}`, `field.refusal.${fault.status}`, "problem.unknown"], {
            state: fault.state ? t(`orderState.${fault.state}`) : "",
          })}
        </p>
      )}
      {entry.action === "close" && !broken && <Reason onGive={(reason) => put({ how: "reason", reason })} />}
      {entry.action === "step" && photo === null && !broken && <NewReadings entry={entry} onGive={put} />}
      {photo !== null && (
        <button type="button" className="button wide" onClick={() => put({ how: "without_photo", photo_id: photo })}>{t("field.mend.withoutPhoto")}</button>
      )}
      {entry.action !== "step" && !broken && (
        <button type="button" className="button wide" onClick={() => put({ how: "as_step" })}>{t("field.mend.asStep")}</button>
      )}
      <button type="button" className="button wide" onClick={() => put({ how: "again" })}>{t("field.mend.again")}</button>
      {entry.state === "refused" && (
        <button type="button" className="button wide" onClick={() => put({ how: "aside" })}>{t("field.mend.aside")}</button>
      )}
    </div>
  );
}

function Reason({ onGive }: { onGive: (reason: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  return (
    <>
      <label>
        {t("field.closeReason")}
        <textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={2_000} rows={2} />
      </label>
      <button type="button" className="button wide strong" disabled={!reason.trim()} onClick={() => onGive(reason.trim())}>{t("field.mend.reason")}</button>
    </>
  );
}

function NewReadings({ entry, onGive }: { entry: Entry; onGive: (mending: Mending) => void }): ReactNode {
  const { t } = useTranslation();
  const first = entry.readings[0];
  const [draft, setDraft] = useState<Draft>({
    form_id: entry.form_id, step: entry.step ?? "", corrects: entry.corrects, photo_ids: [], note: entry.note ?? "",
    instrument_serial: first?.instrument_serial ?? "", calibrated_on: first?.calibrated_on ?? "",
    lel_percent: first?.lel_percent?.toString() ?? "", ppm: first?.ppm?.toString() ?? "",
  });
  const { readings, faults } = checked(draft, today());
  return (
    <details className="others">
      <summary>{t("field.mend.readings")}</summary>
      <ReadingFields draft={draft} change={(what) => setDraft((was) => ({ ...was, ...what }))} />
      <label>
        {t("field.note")}
        <textarea value={draft.note} onChange={(event) => setDraft((was) => ({ ...was, note: event.target.value }))} maxLength={500} rows={2} />
      </label>
      {faults.map((one) => <p key={one} className="notice bad">{t(`field.fault.${one}`)}</p>)}
      <button
        type="button"
        className="button wide strong"
        disabled={faults.length > 0}
        onClick={() => onGive({ how: "readings", readings, note: draft.note.trim() || null })}
      >
        {t("field.mend.send")}
      </button>
    </details>
  );
}
