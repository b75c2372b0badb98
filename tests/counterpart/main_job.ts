// The main job by types that openapi-typescript makes of our description; openapi-fetch checks
// each path, parameter and member against them.
//   node main_job.js URL SIMULATOR CODE STAFF_PASSWORD DATE    says as JSON what came of it

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

const [url, simulator, code, password, date] = process.argv.slice(2) as
	[string, string, string, string, string];
const api = createClient<paths>({ baseUrl: url });
const form = (body: object) => new URLSearchParams(Object.entries(body));
const form_type = { "Content-Type": "application/x-www-form-urlencoded" };

/** What came, or the error's own words. */
function must<T>({ data, error }: { data?: T; error?: unknown }): T {
	if (data === undefined)
		throw new Error(JSON.stringify(error));
	return data;
}

async function log_in(body: components["schemas"]["TokenRequest"]) {
	const grant = must(await api.POST("/oauth2/token", {
		body, bodySerializer: form, headers: form_type }));
	return { Authorization: `Bearer ${grant.access_token}` };
}

const key = () => ({ "Idempotency-Key": crypto.randomUUID() });

const customer = await log_in({ grant_type: "urn:zhixing:wechat-code", code });
const venues = must(await api.GET("/api/v1/venues"));
const venue = venues.items[0]!;
const grid = must(await api.GET("/api/v1/venues/{venue}/availability", {
	params: { path: { venue: venue.id }, query: { sport: "badminton", date } } }));
const free = grid.courts.flatMap(({ id, cells }) => cells.flatMap((cell, nth) =>
	cell.state === "free" ? [{ court_id: id, ...grid.slots[nth]! }] : []))[0]!;
const order = must(await api.POST("/api/v1/orders", {
	params: { header: key() }, headers: customer,
	body: { venue_id: venue.id, date: grid.date,
		periods: [{ court_id: free.court_id, start: free.start, end: free.end }] } }));
const payment = must(await api.POST("/api/v1/orders/{order}/payments", {
	params: { path: { order: order.id }, header: key() }, headers: customer,
	body: { channel: "wechat", method: "jsapi" } }));
await fetch(`${simulator}/sim/pay`, { method: "POST", body: JSON.stringify(payment.pay_params),
	headers: { "Content-Type": "application/json" } });
const path = { params: { path: { order: order.id } }, headers: customer };
let ready = await api.GET("/api/v1/orders/{order}/checkin-code", path);
for (let n = 0; ready.error && n < 300; n++) {
	await new Promise((done) => setTimeout(done, 100));
	ready = await api.GET("/api/v1/orders/{order}/checkin-code", path);
}
const paid = must(await api.GET("/api/v1/orders/{order}", path));
const quote = must(await api.GET("/api/v1/orders/{order}/cancellation", path));
const cancelled = must(await api.POST("/api/v1/orders/{order}/cancellation", {
	params: { path: { order: order.id }, header: key() }, headers: customer,
	body: { refund_fen: quote.refund_fen } }));
const staff = await log_in({ grant_type: "password", username: "desk1", password });
const refused = await api.POST("/api/v1/staff/checkins", {
	params: { header: key() }, headers: staff, body: { code: must(ready).short_code } });
console.log(JSON.stringify({ paid: paid.state, fen: paid.amount_fen, quote: quote.refund_fen,
	cancelled: cancelled.state, refused: refused.error?.error.code }));
