/** How far a close command has come. Success is never assumed: each step is done only by the word of a device. */
import type { TimelineItem, ValveCommand } from "../../api/types";

export type StepState = "done" | "waiting" | "timeout" | "failed" | "later" | "none";
export type StepName = "sent" | "answered" | "closed" | "safe";
export interface LoopStep {
  name: StepName;
  state: StepState;
  at?: string;
  reason?: string;
}

/** Rule V01: nothing back for 30 s; from the first movement on the motor has 30 s more. */
const CLOSED_WITHIN_MS = 30_000;
/** From the limit switch's word to a falling concentration. */
const FALLING_WITHIN_MS = 180_000;

export function loopOf(command: ValveCommand, timeline: readonly TimelineItem[], now: number): LoopStep[] {
  const own = timeline.filter((item) => item.command_id === command.command_id);
  const at = (kind: TimelineItem["kind"]): string | undefined => own.find((item) => item.kind === kind)?.at;
  return [
    { name: "sent", state: "done", at: command.issued_at, reason: command.reason },
    timed(answered(command, now), at("command_result")),
    timed(closed(command, now, Date.parse(at("valve_moved") ?? command.issued_at)), at("valve_closed")),
    fallen(command, timeline, now, at("valve_closed")),
  ];
}

function timed(step: LoopStep, at: string | undefined): LoopStep {
  return at === undefined || step.state === "waiting" || step.state === "timeout" ? step : { ...step, at };
}

function answered(command: ValveCommand, now: number): LoopStep {
  const good = command.results.some(({ result }) => result === "accepted" || result === "done");
  // The limit switch says more than an answer does.
  if (good || command.state === "closed") return { name: "answered", state: "done" };
  const [bad] = command.results;
  if (bad) return { name: "answered", state: "failed", ...(bad.reason ? { reason: bad.reason } : {}) };
  return { name: "answered", state: now < Date.parse(command.expires_at) ? "waiting" : "timeout" };
}

function closed(command: ValveCommand, now: number, since: number): LoopStep {
  if (command.state === "closed") return { name: "closed", state: "done" };
  const failed = command.results.find(({ result }) => result === "failed" || result === "refused");
  if (failed) return { name: "closed", state: "failed", ...(failed.reason ? { reason: failed.reason } : {}) };
  return { name: "closed", state: now - since < CLOSED_WITHIN_MS ? "waiting" : "timeout" };
}

function fallen(command: ValveCommand, timeline: readonly TimelineItem[], now: number, closedAt: string | undefined): LoopStep {
  // Closed without an alarm: there is no gas to fall.
  if (command.alert_ids.length === 0) return { name: "safe", state: "none" };
  const issued = Date.parse(command.issued_at);
  const safe = timeline.find((item) => item.kind === "safe" && Date.parse(item.at) >= issued);
  if (safe) return { name: "safe", state: "done", at: safe.at };
  if (command.state !== "closed") return { name: "safe", state: "later" };
  const over = closedAt !== undefined && now - Date.parse(closedAt) > FALLING_WITHIN_MS;
  return { name: "safe", state: over ? "timeout" : "waiting" };
}

/** Whether anything may still change by itself soon: how long it is worth asking often. */
export function isMoving(command: ValveCommand, now: number): boolean {
  return command.state !== "closed" && now - Date.parse(command.issued_at) < 2 * CLOSED_WITHIN_MS;
}
