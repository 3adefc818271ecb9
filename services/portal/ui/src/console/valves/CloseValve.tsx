/** Closing a valve in two steps: arm with reason and one-time code, see who is cut off, then close within 60 s. */
import { useQuery } from "@tanstack/react-query";
import { Alert as Notice, Button, Input, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Arming, TimelineItem } from "../../api/types";
import * as acts from "../data/acts";
import { readCommands, readDevices, readLatest, readTimeline } from "../data/read";
import { useSites } from "../data/register";
import { useAct } from "../data/useAct";
import { useLive } from "../live/LiveProvider";
import { serverNow, useNow } from "../live/now";
import { Left } from "../parts/Age";
import { Field, FormDialog } from "../parts/FormDialog";
import { Fault, Shown } from "../parts/States";
import { LoopSteps } from "./LoopSteps";

interface Props {
  valveId: string;
  siteId: string;
  onDone: () => void;
}
type Stage = { at: "arming" } | { at: "armed"; arming: Arming; until: number } | { at: "sent"; commandId: string };

/** Counted from the answer on, not by its time: a desk whose clock is wrong must be able to close. */
const ARMED_MS = 60_000;

export default function CloseValve({ valveId, siteId, onDone }: Props): ReactNode {
  const [stage, setStage] = useState<Stage>({ at: "arming" });
  if (stage.at === "arming") return <Arm valveId={valveId} siteId={siteId} onArmed={(arming) => setStage({ at: "armed", arming, until: serverNow() + ARMED_MS })} onDone={onDone} />;
  if (stage.at === "armed") {
    return <Close arming={stage.arming} until={stage.until} onSent={(commandId) => setStage({ at: "sent", commandId })} onOver={() => setStage({ at: "arming" })} onDone={onDone} />;
  }
  return <Sent valveId={valveId} siteId={siteId} commandId={stage.commandId} onDone={onDone} />;
}

/** Who loses gas: the place, and what stands in the valve's zone. */
function CutOff({ valveId, siteId }: { valveId: string; siteId: string }): ReactNode {
  const { t } = useTranslation();
  const site = useSites().get(siteId);
  const devices = useQuery({ queryKey: ["devices", siteId], queryFn: () => readDevices(siteId), staleTime: 60_000 });
  const valve = devices.data?.find((one) => one.device_id === valveId);
  const zone = devices.data?.filter((one) => one.zone === valve?.zone && one.device_id !== valveId) ?? [];
  return (
    <div className="panel">
      <h2>{t("valve.affected")}</h2>
      <p className="wrap"><strong><bdi>{site?.name ?? siteId}</bdi></strong>{site && <> · {t(`siteKind.${site.kind}`)} · <bdi>{site.address}</bdi></>}</p>
      <p>{t("alerts.zone")} <bdi>{valve?.zone ?? "–"}</bdi> · {t("valve.devices", { count: zone.length })}</p>
      {site?.contacts.map((one) => <p key={one.phone}><bdi>{one.name}</bdi> <a href={`tel:${one.phone}`}>{one.phone}</a></p>)}
    </div>
  );
}

function Arm({ valveId, siteId, onArmed, onDone }: { valveId: string; siteId: string; onArmed: (arming: Arming) => void; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const [reason, setReason] = useState("");
  const [otp, setOtp] = useState("");
  const code = otp.replace(/\s/g, "");
  const latest = useQuery({ queryKey: ["latest", siteId], queryFn: () => readLatest(siteId), staleTime: 0 });
  const closed = latest.data?.find((one) => one.device_id === valveId)?.reading?.position === "closed";
  const submit = (): void => {
    void act.run(async () => onArmed(await acts.arm(valveId, reason.trim(), code))).then((done) => !done && setOtp(""));
  };
  return (
    <FormDialog title={<>{t("valve.close")} <bdi>{valveId}</bdi> · {t("valve.first")}</>} ok={t("valve.arm")} danger act={act} onSubmit={submit} onCancel={onDone} disabled={closed || !reason.trim() || !/^\d{6}$/.test(code)}>
      <CutOff valveId={valveId} siteId={siteId} />
      {closed && <Notice type="info" showIcon title={t("problemMore.already-closed")} />}
      <p>{t("valve.means")}</p>
      <Field label={`${t("common.reason")} (${t("common.required")})`}>
        <Input.TextArea autoFocus rows={2} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <Field label={t("common.code")} hint={t("gate.codeNeeded")}>
        <Input inputMode="numeric" autoComplete="one-time-code" required maxLength={7} value={otp} onChange={(event) => setOtp(event.target.value)} />
      </Field>
    </FormDialog>
  );
}

function Close({ arming, until, onSent, onOver, onDone }: { arming: Arming; until: number; onSent: (commandId: string) => void; onOver: () => void; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const act = useAct();
  const now = useNow();
  const { affected, arm_token = "" } = arming;
  const over = now >= until;
  const close = (): void => {
    void act.run(async (key) => onSent(await acts.close(affected.valve_id, arm_token, key)));
  };
  const footer = (
    <>
      <Button onClick={onDone}>{t("common.cancel")}</Button>
      {over ? <Button type="primary" onClick={onOver}>{t("valve.armAgain")}</Button> : <Button type="primary" danger loading={act.busy} onClick={close}>{t("valve.closeNow")}</Button>}
    </>
  );
  return (
    <Modal open title={<>{t("valve.close")} <bdi>{affected.valve_id}</bdi> · {t("valve.second")}</>} onCancel={onDone} footer={footer} mask={{ closable: false }}>
      <div className="stack">
        <p className="countdown" role="timer">{over ? t("valve.over") : <>{t("valve.left")} <strong><Left until={until} /></strong></>}</p>
        <div className="panel">
          <h2>{t("valve.affected")}</h2>
          <p className="wrap"><strong><bdi>{affected.site_name || affected.site_id}</bdi></strong> · {t(`siteKind.${affected.kind}`, { defaultValue: affected.kind })}</p>
          <p>{t("alerts.zone")} <bdi>{affected.zone}</bdi> · {t("valve.position")} {t(`position.${affected.position}`)}</p>
          <p>{t("valve.alerts", { count: affected.alert_ids.length })}</p>
        </div>
        <Notice type="warning" showIcon title={t("valve.noOpen")} />
        <Fault words={act.fault} />
      </div>
    </Modal>
  );
}

const OFTEN_MS = 1_000;

function Sent({ valveId, siteId, commandId, onDone }: Props & { commandId: string }): ReactNode {
  const { t } = useTranslation();
  const asked = useQuery({ queryKey: ["commands", valveId], queryFn: () => readCommands(valveId), refetchInterval: OFTEN_MS, staleTime: 0 });
  const command = asked.data?.find((one) => one.command_id === commandId);
  const alertId = command?.alert_ids[0];
  const { alerts } = useLive();
  const timeline = useQuery({
    queryKey: ["timeline", alertId, "loop"],
    queryFn: () => readTimeline(alertId ?? ""),
    enabled: alertId !== undefined && alerts.row(alertId) !== undefined,
    refetchInterval: 2 * OFTEN_MS,
  });
  const items: TimelineItem[] = timeline.data ?? [];
  return (
    <Modal open title={<>{t("valve.close")} <bdi>{valveId}</bdi></>} onCancel={onDone} footer={<Button onClick={onDone}>{t("common.close")}</Button>} mask={{ closable: false }}>
      <div className="stack">
        <Shown of={asked}>{() => (command ? <LoopSteps command={command} timeline={items} /> : <p>{t("valve.step.sent")}</p>)}</Shown>
        <p className="soft">{t("valve.notAssumed")}</p>
        <p className="soft wrap"><bdi>{siteId}</bdi></p>
      </div>
    </Modal>
  );
}
