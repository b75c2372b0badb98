// The state of an order as people read it, and its badges; for the customer and the desk.

import { server_now_ms } from "./api.js";
import { period } from "./format.js";
import { el } from "./ui.js";
import { ITEM_STATES, ORDER_STATES, PAY_STATES } from "./words.js";

export const left_ms = (order) => Date.parse(order.expires_at) - server_now_ms();

/** The API's state, but used once every period that is left is, late once the time is up. */
export function order_state({ state, items, ...order }) {
	const kept = items.filter((item) => item.state !== "released");
	if (state === "paid" && kept.length > 0 && kept.every((item) => item.state === "used"))
		return "used";
	return state === "pending" && left_ms(order) <= 0 ? "late" : state;
}

export function badge([text, look], name) {
	return el(`span.badge.${look}`, { "data-state": name }, text);
}

/** A badge out of a table of words; an unknown word is shown as it is. */
export const badge_of = (table, name) => badge(table[name] ?? [name, "off"], name);

/** The state of an order, and of its money where some of it goes back. */
export function order_badges(order) {
	const refunding = order.refunds?.some(({ state }) => state === "processing");
	const back = refunding ? badge(["退款中", "wait"], "refunding") :
		order.pay_state in PAY_STATES ? badge_of(PAY_STATES, order.pay_state) : null;
	return el("span.badges", badge_of(ORDER_STATES, order_state(order)), back);
}

/** Whether the customer can still give up something of it. */
export const is_cancellable = ({ state, items }) => state === "pending" ||
	state === "paid" && items.some((item) => item.state === "booked");

export const item_time = ({ start, end }, date = start.slice(0, 10)) =>
	period(start, end, date);

/** How a period ended, where it did not simply stay booked. */
export const item_badge = ({ state }) =>
	state === "used" || state === "released" ? badge_of(ITEM_STATES, state) : null;
