/** What the console reads, one function each; lists are read to their end where a screen needs them whole. */
import { api } from "../../api/client";
import type {
  Alert, AlertFigures, AuditEntry, Bucket, Contact, Coverage, Crew, Delivery, Device, DeviceLatest, Handover, Operator,
  Order, OrderDetail, OrderItem, Page, Person, Reading, Recommendation, Route, RuleProposal, SetPoint, Settings, Site, TimelineItem, ValveCommand,
} from "../../api/types";
import { type ENDED, UNDERWAY, whileTold } from "../orders/kinds";

type Read<T> = (cursor: { cursor?: string }) => Promise<{ data?: Page<T> }>;

/** A page of what `cursor` follows. */
const from = (cursor: string | null | undefined): { cursor?: string } => (cursor ? { cursor } : {});
const PAGE = 500;

async function* pages<T>(read: Read<T>): AsyncGenerator<T[]> {
  let cursor: string | null | undefined;
  do {
    const { data } = await read(from(cursor));
    if (!data) return;
    yield data.items;
    cursor = data.next_cursor;
  } while (cursor);
}

async function whole<T>(read: Read<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages(read)) all.push(...page);
  return all;
}

/** Return what was answered; the client has turned every refusal into an error before. */
function given<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new Error("empty answer");
  return data;
}

export const readOpenAlerts = (): AsyncGenerator<Alert[]> =>
  pages<Alert>((cursor) => api.GET("/api/v1/alerts", { params: { query: { open: true, limit: PAGE, ...cursor } } }));

export const readAlert = async (alert_id: string): Promise<Alert> =>
  given(await api.GET("/api/v1/alerts/{alert_id}", { params: { path: { alert_id } } }));

export interface AlertQuery {
  open?: boolean;
  site_id?: string;
  area?: string;
  operator_id?: string;
  rule?: Alert["rule"][];
  priority?: Alert["priority"][];
  limit?: number;
}

export const readAlerts = async (query: AlertQuery, cursor?: string): Promise<Page<Alert>> =>
  given(await api.GET("/api/v1/alerts", { params: { query: { limit: 100, ...query, ...from(cursor) } } }));

export const readTimeline = (alert_id: string): Promise<TimelineItem[]> =>
  whole<TimelineItem>((cursor) =>
    api.GET("/api/v1/alerts/{alert_id}/timeline", { params: { path: { alert_id }, query: { limit: PAGE, ...cursor } } }));

export const readSites = (): Promise<Site[]> =>
  whole<Site>((cursor) => api.GET("/api/v1/sites", { params: { query: { limit: PAGE, ...cursor } } }));

export const readOperators = (): Promise<Operator[]> =>
  whole<Operator>((cursor) => api.GET("/api/v1/operators", { params: { query: { limit: PAGE, ...cursor } } }));

export const readDevices = (site_id?: string): Promise<Device[]> =>
  whole<Device>((cursor) =>
    api.GET("/api/v1/devices", { params: { query: { limit: PAGE, ...(site_id ? { site_id } : {}), ...cursor } } }));

export const readLatest = (site_id?: string): Promise<DeviceLatest[]> =>
  whole<DeviceLatest>((cursor) =>
    api.GET("/api/v1/device-latest", { params: { query: { limit: PAGE, ...(site_id ? { site_id } : {}), ...cursor } } }));

/** A device's curve as history gives it: raw readings, or the least, greatest and mean of buckets. */
export const readReadings = async (device_id: string, fromMs: number, toMs: number): Promise<(Reading | Bucket)[]> => {
  const query = { device_id, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), limit: 2_000 };
  return given(await api.GET("/api/v1/readings", { params: { query } })).items;
};

export const readCommands = async (valve_id: string): Promise<ValveCommand[]> =>
  given(await api.GET("/api/v1/valves/{valve_id}/commands", { params: { path: { valve_id }, query: { limit: 5 } } })).items;

export const readOrder = async (order_id: string): Promise<OrderDetail> =>
  given(await api.GET("/api/v1/orders/{order_id}", { params: { path: { order_id } } }));

/** What has not ended yet; few, so read whole. */
export const readOrderTimeline = async (order_id: string): Promise<OrderItem[]> =>
  given(await api.GET("/api/v1/orders/{order_id}/timeline", { params: { path: { order_id } } })).items;

export const readUnderway = async (): Promise<Order[]> => {
  const read = (state: Order["state"]): Promise<Order[]> =>
    whole<Order>((cursor) => api.GET("/api/v1/orders", { params: { query: { state, limit: PAGE, ...cursor } } }));
  return whileTold(async () => (await Promise.all(UNDERWAY.map(read))).flat());
};

export interface EndedQuery {
  state?: (typeof ENDED)[number];
  kind?: Order["kind"];
  priority?: Order["priority"];
}

export const readEndedOrders = async (query: EndedQuery, cursor?: string): Promise<Page<Order>> =>
  given(await api.GET("/api/v1/orders", { params: { query: { limit: 100, ...query, ...from(cursor) } } }));

export const readRecommendation = async (order_id: string): Promise<Recommendation[]> =>
  given(await api.GET("/api/v1/orders/{order_id}/recommendation", { params: { path: { order_id } } })).items;

export const readCrews = (): Promise<Crew[]> =>
  whole<Crew>((cursor) => api.GET("/api/v1/crews", { params: { query: { limit: PAGE, ...cursor } } }));

export const readRules = (): Promise<SetPoint[]> =>
  whole<SetPoint>((cursor) => api.GET("/api/v1/rules", { params: { query: { limit: PAGE, ...cursor } } }));

export const readProposals = (): Promise<RuleProposal[]> =>
  whole<RuleProposal>((cursor) => api.GET("/api/v1/rule-proposals", { params: { query: { limit: PAGE, ...cursor } } }));

export const readCoverage = (): Promise<Coverage[]> =>
  whole<Coverage>((cursor) =>
    api.GET("/api/v1/coverage", { params: { query: { group_by: "operator", limit: PAGE, ...cursor } } }));

export const readContacts = (): Promise<Contact[]> =>
  whole<Contact>((cursor) => api.GET("/api/v1/contacts", { params: { query: { limit: PAGE, ...cursor } } }));

export const readRoutes = (): Promise<Route[]> =>
  whole<Route>((cursor) => api.GET("/api/v1/routes", { params: { query: { limit: PAGE, ...cursor } } }));

export interface DeliveryQuery {
  state?: Delivery["state"];
  priority?: Delivery["priority"];
  site_id?: string;
}

export const readDeliveries = async (query: DeliveryQuery, cursor?: string): Promise<Page<Delivery>> =>
  given(await api.GET("/api/v1/deliveries", { params: { query: { limit: 100, ...query, ...from(cursor) } } }));

export const readHandovers = async (cursor?: string): Promise<Page<Handover>> =>
  given(await api.GET("/api/v1/handovers", { params: { query: { limit: 20, ...from(cursor) } } }));

export const readFigures = async (fromMs: number, toMs: number): Promise<AlertFigures> => {
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return given(await api.GET("/api/v1/alert-figures", { params: { query } }));
};

export const readPeople = (): Promise<Person[]> =>
  whole<Person>((cursor) => api.GET("/api/v1/people", { params: { query: { limit: PAGE, ...cursor } } }));

export type AuditQuery = Partial<Record<"actor" | "action" | "object" | "kind" | "text" | "since" | "until", string>>;

export const readAudit = async (query: AuditQuery, cursor?: string): Promise<Page<AuditEntry>> => {
  const answer = given(await api.GET("/api/v1/audit", { params: { query: { limit: 100, ...query, ...from(cursor) } } }));
  if (typeof answer === "string") throw new Error("a table was not asked for");
  return answer;
};

export const readSettings = async (): Promise<Settings> => given(await api.GET("/api/v1/settings"));
