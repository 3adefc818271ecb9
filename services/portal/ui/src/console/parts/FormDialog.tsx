/** A dialog with a form: Enter sends it, a refusal stays in it, it closes when it was done. */
import { Modal } from "antd";
import { type FormEvent, type ReactNode, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Act } from "../data/useAct";
import { Fault } from "./States";

interface Props {
  title: ReactNode;
  ok: string;
  act: Pick<Act, "busy" | "fault">;
  onSubmit: () => void;
  onCancel: () => void;
  danger?: boolean;
  disabled?: boolean;
  cancel?: string;
  width?: number;
  children: ReactNode;
}

export function FormDialog({ title, ok, act, onSubmit, onCancel, danger = false, disabled = false, cancel, width = 520, children }: Props): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const begin = (open: boolean): void => {
    if (open) form.current?.querySelector<HTMLElement>("textarea, input:not([type=radio])")?.focus();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!act.busy && !disabled) onSubmit();
  };
  return (
    <Modal open title={title} width={width} onCancel={onCancel} okText={ok} cancelText={cancel ?? t("common.cancel")} confirmLoading={act.busy} mask={{ closable: false }} afterOpenChange={begin}
      okButtonProps={{ htmlType: "submit", form: id, danger, disabled }}>
      <form ref={form} id={id} className="stack" onSubmit={submit}>
        {children}
        <Fault words={act.fault} />
      </form>
    </Modal>
  );
}

/** A label above its control. */
export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: ReactNode }): ReactNode {
  return (
    <label className="field">
      <span>{label}</span>
      {children}
      {hint && <small className="soft">{hint}</small>}
    </label>
  );
}
