/** Which dialog is open, and about what; the list, the drawer and the map open the same ones. */
import type { Alert } from "../../api/types";
import { Cell } from "../live/cell";

export type AlertDialog = "acknowledge" | "silence" | "confirm" | "shelve" | "assign" | "dispatch";
export type Dialog = { kind: AlertDialog; alerts: readonly Alert[] } | { kind: "close"; valveId: string; siteId: string };

export const dialog = new Cell<Dialog | null>(null);
