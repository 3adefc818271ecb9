/** What takes one text: what an alert turned out to be, or who looks after it. */
import { Button, Input } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alert } from "../../api/types";
import * as acts from "../data/acts";
import { useAct } from "../data/useAct";
import { useLive } from "../live/LiveProvider";
import { Field, FormDialog } from "../parts/FormDialog";
import { useMe } from "../shell/me";

const WORDS = {
  confirm: { means: "confirm.means", text: "confirm.text" },
  assign: { means: "assign.means", text: "assign.text" },
} as const;

export function WordsForm({ kind, alert, onDone }: { kind: "confirm" | "assign"; alert: Alert; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const live = useLive();
  const me = useMe();
  const [text, setText] = useState("");
  const submit = (): void => {
    const send = kind === "confirm" ? acts.confirm : acts.assign;
    void act.run(async (key) => live.changed(await send(alert.alert_id, text.trim(), key))).then((done) => done && onDone());
  };
  return (
    <FormDialog title={t(`deed.${kind}`)} ok={t(`deed.${kind}`)} act={act} onSubmit={submit} onCancel={onDone} disabled={!text.trim()}>
      <p>{t(WORDS[kind].means)}</p>
      <Field label={`${t(WORDS[kind].text)} (${t("common.required")})`}>
        {kind === "confirm" ? (
          <Input.TextArea autoFocus rows={3} required maxLength={1000} value={text} onChange={(event) => setText(event.target.value)} />
        ) : (
          <Input autoFocus required maxLength={200} value={text} onChange={(event) => setText(event.target.value)} />
        )}
      </Field>
      {kind === "assign" && <div><Button size="small" onClick={() => setText(me.username)}>{t("assign.me")}</Button></div>}
    </FormDialog>
  );
}
