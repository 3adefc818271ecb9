/** Times as people enter them, which are always those of Asia/Shanghai. */
import { dateTime } from "../../look/time";

/** `2026-11-23T14:05`, for a field of date and time. */
export function forField(time: number): string {
  return dateTime(time).slice(0, 16).replace(" ", "T");
}

export function fromField(text: string): Date {
  return new Date(`${text}:00+08:00`);
}
