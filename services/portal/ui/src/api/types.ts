/** The resources of the API by short names; what they hold stands in `schema.d.ts`, made from `openapi.json`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Alert = Schemas["alerting.Alert"];
export type AlertPage = Schemas["alerting.AlertPage"];
export type TimelineItem = Schemas["alerting.TimelineItem"];
export type ValveCommand = Schemas["alerting.ValveCommand"];
export type IssuedCommand = Schemas["alerting.IssuedCommand"];
export type Arming = Schemas["alerting.Arming"];
export type Affected = Schemas["alerting.Affected"];
export type SetPoint = Schemas["alerting.SetPoint"];
export type RuleProposal = Schemas["alerting.RuleProposal"];
export type RuleChanges = Schemas["alerting.RuleChanges"];
export type AlertFigures = Schemas["alerting.AlertFigures"];

export type Order = Schemas["dispatch.Order"];
export type OrderDetail = Schemas["dispatch.OrderDetail"];
export type OrderItem = Schemas["dispatch.OrderItem"];
export type Step = Schemas["dispatch.Step"];
export type NewStep = Schemas["dispatch.NewStep"];
export type NewOrder = Schemas["dispatch.NewOrder"];
export type Crew = Schemas["dispatch.Crew"];
export type Shift = Schemas["dispatch.Shift"];
export type Recommendation = Schemas["dispatch.Recommendation"];

export type Operator = Schemas["registry.Operator"];
export type Licence = Schemas["registry.Licence"];
export type Site = Schemas["registry.Site"];
export type Device = Schemas["registry.Device"];
export type Unlicensed = Schemas["registry.Unlicensed"];
export type Coverage = Schemas["registry.Coverage"];
export type CoverageMissing = Schemas["registry.CoverageMissing"];
export type HeardUnregistered = Schemas["registry.HeardUnregistered"];
export type ImportReport = Schemas["registry.ImportReport"];
export type ImportRefused = Schemas["registry.ImportRefused"];
export type ImportFault = Schemas["registry.ImportFault"];

export type Reading = Schemas["history.Reading"];
export type ReadingPage = Schemas["history.ReadingPage"];
export type Bucket = Schemas["history.Bucket"];
export type BucketPage = Schemas["history.BucketPage"];
export type Rolled = Schemas["history.Rolled"];
export type DeviceEvent = Schemas["history.DeviceEvent"];
export type DeviceLatest = Schemas["history.DeviceLatest"];

export type Contact = Schemas["notification.Contact"];
export type Route = Schemas["notification.Route"];
export type Delivery = Schemas["notification.Delivery"];

export type Me = Schemas["Me"];
export type Person = Schemas["Person"];
export type PersonWithPassword = Schemas["PersonWithPassword"];
export type Session = Schemas["Session"];
export type Screen = Schemas["Screen"];
export type AuditEntry = Schemas["AuditEntry"];
export type Handover = Schemas["Handover"];
export type HandoverAlert = Schemas["HandoverAlert"];
export type Attachment = Schemas["Attachment"];
export type Settings = Schemas["Settings"];
