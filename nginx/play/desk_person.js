// What is held against a customer: violations, bans, and lifting them.

import { ask_sentence } from "./desk_ask.js";
import { customer_name } from "./desk_orders.js";
import { moment } from "./format.js";
import { badge } from "./state.js";
import { button, el, facts, notice, skeleton } from "./ui.js";
import { VIOLATION_KINDS } from "./words.js";

export async function person_view(place, account_id) {
	const { client, screen, signal } = place;
	const again = () => person_view(place, account_id);
	screen.replaceChildren(skeleton("card", 2));
	try {
		const path = `/api/v1/staff/accounts/${account_id}/violations`;
		person_draw(place, await client.get(path, signal));
	} catch (error) {
		if (!signal.aborted)
			screen.replaceChildren(notice(error, again));
	}
}

function person_draw(place, { customer, violations, bans }) {
	place.screen.replaceChildren(
		el("section.card.plain", el("div.card-main", el("h3", customer_name(customer)),
			facts(["手机号", customer.phone], ["账号", String(customer.id)]))),
		records("封禁", bans.map((ban) => ban_row(place, ban)), "没有被封禁过。"),
		records("违约", violations.map((one) => violation_row(place, one)), "没有违约记录。"));
}

function records(title, rows, none) {
	return el("section.card.plain", el("div.card-main", el("h3", title),
		rows.length > 0 ? el("ul.records", ...rows) : el("p.hint", none)));
}

/** Who lifted it, when and why; the same of both kinds. */
const lifted_facts = ({ lifted_at, lifted_by, lift_reason }) =>
	facts(["解除时间", lifted_at && moment(lifted_at)], ["解除人", lifted_by],
		["解除原因", lift_reason]);

function ban_row(place, ban) {
	const look = ban.in_force ? ["封禁中", "bad"] :
		ban.lifted_at ? ["已解除", "off"] : ["已到期", "off"];
	return el("li", { "data-ban": ban.id },
		el("div.line-head", el("strong", `${moment(ban.since)} 至 ${moment(ban.until)}`),
			badge(look, ban.in_force ? "in_force" : "over")),
		el("p", ban.reason), lifted_facts(ban),
		ban.in_force ? lift_button(place, `bans/${ban.id}`, "解除封禁",
			"解除以后，这位顾客马上可以再次预订。") : null);
}

function violation_row(place, one) {
	const look = one.lifted_at ? ["已撤销", "off"] : ["有效", "wait"];
	return el("li", { "data-violation": one.id },
		el("div.line-head", el("strong", VIOLATION_KINDS[one.kind] ?? one.kind),
			badge(look, one.lifted_at ? "lifted" : "counts")),
		el("p", moment(one.at)), facts(["订单号", one.order_no ?? "其他球馆的订单"]),
		lifted_facts(one),
		one.lifted_at ? null : lift_button(place, `violations/${one.id}`, "撤销违约",
			"撤销的违约不再计数；由它引起的封禁同时解除。"));
}

function lift_button(place, what, title, text) {
	const { client, panel } = place;
	return el("div.card-actions", button(title, () => ask_sentence(panel, {
		title, text, field: ["原因", "reason"], word: title,
		send: (reason) => client.post(`/api/v1/staff/${what}/lift`, { reason }),
		done: (conduct) => person_draw(place, conduct),
	}), ".small", { "data-do": "lift" }));
}
