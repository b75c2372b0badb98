// Giving money back: a part of an order by its sheet, and refunds that are stuck.

import { ApiError } from "./api.js";
import { ask_sentence } from "./desk_ask.js";
import { fen_of, money } from "./format.js";
import { sheet } from "./sheet.js";
import { item_time } from "./state.js";
import {
	busy, button, choice, el, explain, form, labelled, notice, submit_button,
} from "./ui.js";

/** So many characters of Chinese fit into what WeChat Pay takes. */
const REASON_LENGTH = 26;

/** Sum, reason, and the periods that are freed with it. */
export function refund_sheet(place, order, reload) {
	const left = order.paid_fen - order.refunded_fen;
	const amount = labelled("金额（元）", "amount_fen", { inputmode: "decimal", required: true,
		placeholder: `最多 ${(left / 100).toFixed(2)}` });
	const reason = labelled("原因（顾客会看到）", "reason",
		{ required: true, maxlength: REASON_LENGTH });
	const released = new Set();
	let is_kept = false;
	const trouble = el("div.trouble");
	const submit = submit_button("确认退款", ".danger.wide");
	const work = async () => {
		const amount_fen = fen_of(amount.input.value);
		if (amount_fen === null)
			return explain(trouble, new ApiError("bad_amount",
				"请填写金额，例如 12 或 12.50", { field: "amount_fen" }));
		try {
			await place.client.post(`/api/v1/staff/orders/${order.id}/refunds`, {
				amount_fen, reason: reason.input.value.trim(),
				...released.size > 0 ? { release: [...released] } : {},
				...is_kept ? { keep: true } : {},
			});
			asking.close();
			reload();
		} catch (error) {
			explain(trouble, error);
		}
	};
	const asking = sheet(place.panel, "退款", form("form", () => busy(submit, work),
		el("p.hint", `已付 ${money(order.paid_fen)}，已退 ${money(order.refunded_fen)}，` +
			`最多还可退 ${money(left)}。`),
		...amount.nodes, ...reason.nodes, ...release_choice(order, released),
		...keep_choice(order, (now) => { is_kept = now; }),
		trouble, submit));
}

function release_choice(order, released) {
	const row = (item) => {
		const text = el("span.choice-text",
			el("strong", `${item.court_name} ${item_time(item, order.date)}`),
			el("span", money(item.price_fen)));
		const take = (is_chosen) =>
			is_chosen ? released.add(item.id) : released.delete(item.id);
		return el("li", choice([text], false, take, { value: item.id }));
	};
	const rows = order.items.filter(({ state }) => state === "booked").map(row);
	return rows.length === 0 ? [] : [
		el("p.hint", "同时放开哪些场地（不选则场地仍为顾客保留）："),
		el("ul.choices", ...rows)];
}

/** Who has all his money back comes in only if the desk wants it so. */
function keep_choice({ items }, choose) {
	const text = el("span.choice-text", el("strong", "全部退完也保留场地"),
		el("span", "不勾选：全额退款后，没有放开的场地也不能再核销"));
	return items.some(({ state }) => state === "booked") ?
		[choice([text], false, choose, { id: "keep" })] : [];
}

/** What can be done about a refund that is stuck. */
export function stuck_buttons({ client, panel }, refund_id, amount_fen, reload) {
	const path = `/api/v1/staff/refunds/${refund_id}`;
	const trouble = el("div.trouble");
	const retry = button("重试退款", () => busy(retry, async () => {
		try {
			await client.post(`${path}/retry`);
			reload();
		} catch (error) {
			trouble.replaceChildren(notice(error));
		}
	}), ".small", { "data-do": "retry" });
	const settled = button("已线下退款", () => ask_sentence(panel, {
		title: "已线下退款",
		text: `确认这 ${money(amount_fen)} 已用其他方式退给顾客。之后系统不再退这一笔。`,
		field: ["怎么退的", "note"], word: "确认已退",
		send: (note) => client.post(`${path}/settled`, { note }), done: reload,
	}), ".small", { "data-do": "settled" });
	return el("div.card-actions", retry, settled, trouble);
}
