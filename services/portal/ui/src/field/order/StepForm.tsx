/** Reporting one step: nothing must be filled in but what the step itself needs. */
import { type ChangeEvent, type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { dateTime } from "../../look/time";
import { go } from "../address";
import { useField } from "../field";
import { whereNow } from "../me/position";
import type { Draft } from "../outbox/store";
import { KeptImage } from "./History";
import { nothingDone } from "./NextStep";
import { checked, today } from "./readings";
import { type Drafting, rememberInstrument, useDraft } from "./useDraft";

interface Props {
  orderId: string;
  step: string;
  corrects: string | null;
}

const PHOTOS_MAX = 10;
/** Steps that somebody measures at: their fields stand open. */
const MEASURED = new Set(["ventilated", "below_20_lel", "located", "surroundings_checked"]);

export function StepForm({ orderId, step, corrects }: Props): ReactNode {
  const { t } = useTranslation();
  const drafting = useDraft(orderId, step, corrects);
  if (!drafting) return <p aria-busy="true">{t("common.loading")}</p>;
  return <Form orderId={orderId} drafting={drafting} />;
}

function Form({ orderId, drafting }: { orderId: string; drafting: Drafting }): ReactNode {
  const { t } = useTranslation();
  const { act } = useField();
  const { draft, change } = drafting;
  const [tried, setTried] = useState(false);
  const [broken, setBroken] = useState(false);
  const [measures] = useState(MEASURED.has(draft.step) || draft.lel_percent !== "" || draft.ppm !== "");
  const busy = useRef(false);
  const title = useId();
  const { readings, faults, warnings } = checked(draft, today());

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setTried(true);
    if (faults.length > 0 || busy.current || drafting.busy) return;
    busy.current = true;
    try {
      rememberInstrument(draft);
      const photos = draft.photo_ids.map((photo_id) => ({ photo_id, attachment_id: null, dropped: false }));
      await act(
        {
          ...nothingDone(orderId), step: draft.step, note: draft.note.trim() || null, corrects: draft.corrects,
          readings, position: whereNow(), photos,
        },
        draft.form_id,
      );
      navigator.vibrate?.(40);
      go({ order: orderId }, true);
    } catch {
      setBroken(true);
    } finally {
      busy.current = false;
    }
  }

  function cancel(): void {
    void drafting.drop();
    go({ order: orderId }, true);
  }

  return (
    <form className="step" onSubmit={(event) => void submit(event)} aria-labelledby={title} noValidate>
      <p className="back"><button type="button" className="plain" onClick={cancel}>‹ {t("common.cancel")}</button></p>
      <h1 id={title}>{t(`step.${draft.step}`)}</h1>
      {draft.corrects && <p className="notice">{t("field.correcting", { time: dateTime(draft.corrects) })}</p>}
      <p className="hint">{t(`stepHelp.${draft.step}`)}</p>
      <details className="others" open={measures}>
        <summary>{t("field.reading")}</summary>
        <ReadingFields draft={draft} change={change} />
      </details>
      {warnings.map((one) => <p key={one} className="notice warn" role="status">{t(`field.fault.${one}`)}</p>)}
      <PhotoFields drafting={drafting} />
      <label>
        {t("field.note")}
        <textarea value={draft.note} onChange={(event) => change({ note: event.target.value })} maxLength={500} rows={2} />
      </label>
      <div className="next">
        {tried && faults.map((one) => <p key={one} className="notice bad" role="alert">{t(`field.fault.${one}`)}</p>)}
        {broken && <p className="notice bad" role="alert">{t("field.notKept")}</p>}
        <button type="submit" className="big" disabled={drafting.busy}>{t("field.report", { step: t(`step.${draft.step}`) })}</button>
      </div>
    </form>
  );
}

export function ReadingFields({ draft, change }: { draft: Draft; change: (what: Partial<Draft>) => void }): ReactNode {
  const { t } = useTranslation();
  const text = (name: "instrument_serial" | "lel_percent" | "ppm") => ({
    value: draft[name],
    onChange: (event: ChangeEvent<HTMLInputElement>) => change({ [name]: event.target.value }),
  });
  return (
    <fieldset>
      <legend className="unseen">{t("field.reading")}</legend>
      <div className="two">
        <label>%LEL<input inputMode="decimal" autoComplete="off" {...text("lel_percent")} /></label>
        <label>ppm<input inputMode="decimal" autoComplete="off" {...text("ppm")} /></label>
      </div>
      <label>{t("field.serial")}<input autoComplete="off" maxLength={64} {...text("instrument_serial")} /></label>
      <label>
        {t("field.calibration")}
        <input type="date" value={draft.calibrated_on} max={today()} onChange={(event) => change({ calibrated_on: event.target.value })} />
      </label>
    </fieldset>
  );
}

function PhotoFields({ drafting }: { drafting: Drafting }): ReactNode {
  const { t } = useTranslation();
  const [fault, setFault] = useState(false);
  const { busy } = drafting;

  async function take(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const files = [...(event.target.files ?? [])];
    event.target.value = "";
    setFault(false);
    try {
      for (const file of files.slice(0, PHOTOS_MAX - drafting.draft.photo_ids.length)) await drafting.addPhoto(file);
    } catch {
      setFault(true);
    }
  }

  const isFull = drafting.draft.photo_ids.length >= PHOTOS_MAX;
  return (
    <div className="photo-fields">
      <label className={`button wide file${isFull || busy ? " off" : ""}`}>
        {t(busy ? "field.photoBusy" : "field.addPhoto", { count: drafting.draft.photo_ids.length, max: PHOTOS_MAX })}
        <input type="file" accept="image/*" capture="environment" disabled={isFull || busy} onChange={(event) => void take(event)} />
      </label>
      {fault && <p className="notice bad" role="alert">{t("field.noPhoto")}</p>}
      <ul className="photos">
        {drafting.draft.photo_ids.map((id) => (
          <li key={id}>
            <KeptImage id={id} />
            <button type="button" className="button" onClick={() => drafting.dropPhoto(id)}>{t("field.dropPhoto")}</button>
          </li>
        ))}
      </ul>
    </div>
  );
}
