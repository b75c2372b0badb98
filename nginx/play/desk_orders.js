// The desk looks orders up, by number, phone, date and state.

import { moment, money, month_day, weekday } from "./format.js";
import { item_time, order_badges } from "./state.js";
import {
	busy, el, empty, explain, form, labelled, pages, skeleton, submit_button,
} from "./ui.js";
import { ORDER_STATES } from "./words.js";

const STATES = ["pending", "closing", "expired", "cancelled", "paid"];

/** What was asked last, so that coming back from an order finds the same list. Not stored: it
 * may be a customer's phone number. */
let asked_last = {};

export const search_forget = () => { asked_last = {}; };

/** What the customer is called at the desk. */
export const customer_name = ({ nickname, phone }) => nickname || phone || "微信用户";

export function orders_view(place) {
	const last = asked_last;
	const found = el("div.found");
	const trouble = el("div.trouble");
	const submit = submit_button("查询", ".primary");
	const fields = [
		labelled("订单号", "number", { inputmode: "numeric", value: last.number,
			placeholder: "完整的订单号" }),
		labelled("手机号", "phone", { inputmode: "numeric", value: last.phone,
			placeholder: "完整的手机号" }),
		labelled("营业日", "date", { type: "date", value: last.date }),
		state_field(last.state),
	];
	const work = () => {
		const asked = fields.map(({ input }) => [input.name, input.value.trim()])
			.filter(([, value]) => value !== "");
		return search(place, Object.fromEntries(asked), found, trouble);
	};
	place.screen.replaceChildren(form("form.search", () => busy(submit, work),
		...fields.map(({ nodes }) => el("div", ...nodes)), submit, trouble), found);
	busy(submit, work);
}

function state_field(chosen) {
	const field = labelled("状态", "state", {}, "select");
	const options = STATES.map((value) =>
		el("option", { value, selected: value === chosen }, ORDER_STATES[value][0]));
	field.input.append(el("option", { value: "" }, "全部"), ...options);
	return field;
}

async function search(place, query, found, trouble) {
	const { client, signal, go } = place;
	const list = el("div.cards.flat");
	trouble.replaceChildren();
	found.replaceChildren(skeleton("card", 3));
	try {
		const page = await pages(client, "/api/v1/staff/orders", query, signal, list,
			(order) => order_row(order, () => go("order", order.id)));
		asked_last = query;
		found.replaceChildren(page.items.length > 0 ? list :
			empty("没有找到订单", "只查得到本馆的订单；订单号与手机号要完整。"));
	} catch (error) {
		found.replaceChildren();
		if (!signal.aborted)
			explain(trouble, error);
	}
}

function order_row(order, open) {
	const lines = order.items.map((item) =>
		el("li", `${item.court_name} ${item_time(item, order.date)}`));
	const back = order.refunded_fen > 0 ? `，退 ${money(order.refunded_fen)}` : "";
	const named = { type: "button", onclick: open, "data-order": order.id };
	return el("button.card.order", named,
		el("span.card-main",
			el("span.card-head", el("strong", customer_name(order.customer)),
				order_badges(order)),
			el("span.when", `${month_day(order.date)} ${weekday(order.date)}`),
			el("ul.lines", ...lines),
			el("span.card-foot",
				el("span", `${order.no} · ${moment(order.created_at)}`),
				el("strong", money(order.amount_fen) + back))));
}
