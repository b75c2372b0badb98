// The desk's list of what only people can settle: the oldest first.

import { ask_sentence } from "./desk_ask.js";
import { stuck_buttons } from "./desk_refund.js";
import { moment, money } from "./format.js";
import { button, el, empty, facts, labelled, notice, pages, skeleton } from "./ui.js";
import { REFUND_CAUSES, trouble_words, WORK_DETAILS, WORK_KINDS } from "./words.js";

export function work_view(place) {
	const found = el("div.found");
	const kind = labelled("种类", "kind", {}, "select");
	const reload = () => work_load(place, kind.input.value, found, reload);
	const options = Object.entries(WORK_KINDS).map(([value, name]) =>
		el("option", { value }, name));
	kind.input.append(el("option", { value: "" }, "全部"), ...options);
	kind.input.addEventListener("change", reload);
	place.screen.replaceChildren(el("div.form", ...kind.nodes), found);
	reload();
}

async function work_load(place, kind, found, reload) {
	const { client, signal } = place;
	const list = el("div.cards.flat");
	found.replaceChildren(skeleton("card", 3));
	try {
		const query = kind ? { kind } : {};
		const page = await pages(client, "/api/v1/staff/work", query, signal, list,
			(item) => work_card(place, item, reload));
		found.replaceChildren(page.items.length > 0 ? list :
			empty("没有待办", "系统自己解决不了的事会出现在这里。"));
	} catch (error) {
		if (!signal.aborted)
			found.replaceChildren(notice(error, reload));
	}
}

function detail_facts(detail) {
	const shown = (name, value) => name.endsWith("_fen") ? money(value) :
		name === "cause" ? REFUND_CAUSES[value] ?? value : trouble_words(
		typeof value === "object" ? JSON.stringify(value) : String(value));
	return facts(...Object.entries(detail).filter(([, value]) => value !== null)
		.map(([name, value]) => [WORK_DETAILS[name] ?? name, shown(name, value)]));
}

function work_card(place, item, reload) {
	const { id, kind, order_no, order_id, venue_name, detail, opened_at } = item;
	const is_stuck = kind === "refund_stuck" && item.refund_id !== null;
	const open = order_id && place.may("order") ? button(`订单 ${order_no}`, () =>
		place.go("order", order_id), ".small", { "data-do": "order" }) : null;
	const ways = is_stuck ? place.may("refund") &&
		stuck_buttons(place, item.refund_id, detail.amount_fen, reload) :
		el("div.card-actions", done_button(place, id, reload));
	return el("section.card.plain", { "data-work": id }, el("div.card-main",
		el("div.card-head", el("h3", WORK_KINDS[kind] ?? kind),
			el("span.when", moment(opened_at))),
		el("p.when", venue_name ?? "不属于任何球馆"), detail_facts(detail),
		open && el("div.card-actions", open), ways || null));
}

function done_button({ client, panel }, id, reload) {
	return button("已处理", () => ask_sentence(panel, {
		title: "已处理", text: "写下怎么处理的，这一条随后从列表里消失。",
		field: ["处理说明", "note"], word: "完成",
		send: (note) => client.post(`/api/v1/staff/work/${id}/done`, { note }),
		done: reload,
	}), ".small", { "data-do": "done" });
}
