/** What people do from the console. `key` lets one act be sent again without being done twice. */
import { api, once } from "../../api/client";
import type { Alert, Arming, Contact, Handover, NewOrder, Order, Person, PersonWithPassword, Route, RuleProposal } from "../../api/types";

export type Key = ReturnType<typeof once>;

function given<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new Error("empty answer");
  return data;
}
const of = (alert_id: string): { path: { alert_id: string } } => ({ path: { alert_id } });

export const acknowledge = async (alert_id: string, note: string, key: Key = once()): Promise<Alert> =>
  given(await api.POST("/api/v1/alerts/{alert_id}:acknowledge", { params: of(alert_id), body: { note }, headers: key }));

export const confirm = async (alert_id: string, finding: string, key: Key): Promise<Alert> =>
  given(await api.POST("/api/v1/alerts/{alert_id}:confirm", { params: of(alert_id), body: { finding }, headers: key }));

export const shelve = async (alert_id: string, reason: string, until: Date, key: Key): Promise<Alert> => {
  const body = { reason, until: until.toISOString() };
  return given(await api.POST("/api/v1/alerts/{alert_id}:shelve", { params: of(alert_id), body, headers: key }));
};

export const unshelve = async (alert_id: string): Promise<Alert> =>
  given(await api.POST("/api/v1/alerts/{alert_id}:unshelve", { params: of(alert_id), body: {}, headers: once() }));

export const silence = async (alert_id: string, key: Key = once()): Promise<Alert> =>
  given(await api.POST("/api/v1/alerts/{alert_id}:silence", { params: of(alert_id), body: {}, headers: key }));

export const assign = async (alert_id: string, person: string, key: Key): Promise<Alert> =>
  given(await api.POST("/api/v1/alerts/{alert_id}:assign", { params: of(alert_id), body: { person }, headers: key }));

export const openOrder = async (body: NewOrder, key: Key): Promise<Order> =>
  given(await api.POST("/api/v1/orders", { body, headers: key }));

export const reassign = async (order_id: string, body: { crew_id: string; reason?: string }, key: Key): Promise<Order> =>
  given(await api.POST("/api/v1/orders/{order_id}:reassign", { params: { path: { order_id } }, body, headers: key }));

export const cancelOrder = async (order_id: string, reason: string, key: Key): Promise<Order> =>
  given(await api.POST("/api/v1/orders/{order_id}:cancel", { params: { path: { order_id } }, body: { reason }, headers: key }));

export const closeOrder = async (order_id: string, reason: string, key: Key): Promise<Order> =>
  given(await api.POST("/api/v1/orders/{order_id}:close", { params: { path: { order_id } }, body: { reason }, headers: key }));

/** Each time another act: with another code, and what an answer that was lost told is told no more. */
export const arm = async (valve_id: string, reason: string, otp: string): Promise<Arming> =>
  given(await api.POST("/api/v1/valves/{valve_id}:arm", { params: { path: { valve_id } }, body: { reason, otp }, headers: once() }));

export const close = async (valve_id: string, arm_token: string, key: Key): Promise<string> => {
  const answer = await api.POST("/api/v1/valves/{valve_id}:close", { params: { path: { valve_id } }, body: { arm_token }, headers: key });
  return given(answer).command_id;
};

export interface Change {
  key: string;
  scope: string;
  value?: number;
  on_s?: number;
  off_s?: number;
  deadband?: number;
  standard?: string;
  clause?: string;
  verified?: boolean;
  effective_from: string;
  reason: string;
}

export const propose = async (rule: string, body: Change, key: Key): Promise<RuleProposal> =>
  given(await api.POST("/api/v1/rules/{rule}:propose", { params: { path: { rule } }, body, headers: key }));

export const approve = async (proposal_id: string): Promise<RuleProposal> =>
  given(await api.POST("/api/v1/rule-proposals/{proposal_id}:approve", { params: { path: { proposal_id } }, body: {}, headers: once() }));

export type ContactValues = Pick<Contact, "name" | "role" | "language" | "addresses" | "active">;
export type NewContact = ContactValues & Pick<Contact, "contact_id" | "area_code">;

export const addContact = async (body: NewContact, key: Key): Promise<Contact> =>
  given(await api.POST("/api/v1/contacts", { body, headers: key }));

export const changeContact = async (contact: Contact, body: ContactValues): Promise<Contact> => {
  const headers = { "If-Match": `"${contact.revision}"` };
  return given(await api.PATCH("/api/v1/contacts/{contact_id}", { params: { path: { contact_id: contact.contact_id } }, body, headers }));
};

export type RouteValues = Pick<Route, "priorities" | "roles" | "rules" | "channels" | "active">;
export type NewRoute = RouteValues & Pick<Route, "route_id" | "area_code" | "topic" | "whats"> & { level: 0 | 1 | 2 };

export const addRoute = async (body: NewRoute, key: Key): Promise<Route> =>
  given(await api.POST("/api/v1/routes", { body, headers: key }));

export const changeRoute = async (route: Route, body: RouteValues): Promise<Route> => {
  const headers = { "If-Match": `"${route.revision}"` };
  return given(await api.PATCH("/api/v1/routes/{route_id}", { params: { path: { route_id: route.route_id } }, body, headers }));
};

export const handOver = async (handover_id: string, text: string, key: Key): Promise<Handover> =>
  given(await api.POST("/api/v1/handovers", { body: { handover_id, text }, headers: key }));

export const takeOver = async (handover_id: string): Promise<void> => {
  await api.POST("/api/v1/handovers/{handover_id}:accept", { params: { path: { handover_id } }, body: {}, headers: once() });
};

export type NewPerson = Pick<Person, "username" | "name" | "role"> &
  Partial<Record<"operator_id" | "area_code" | "crew_id", string>>;

export const addPerson = async (body: NewPerson, key: Key): Promise<PersonWithPassword> =>
  given(await api.POST("/api/v1/people", { body, headers: key }));

export const setDisabled = async (username: string, disabled: boolean): Promise<void> => {
  const path = disabled ? "/api/v1/people/{username}:disable" : "/api/v1/people/{username}:enable";
  await api.POST(path, { params: { path: { username } }, body: {}, headers: once() });
};

export const newPassword = async (username: string): Promise<PersonWithPassword> =>
  given(await api.POST("/api/v1/people/{username}:new-password", { params: { path: { username } }, body: {}, headers: once() }));
