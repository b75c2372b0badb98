// My orders: the list, and one order from unpaid (countdown) to its check-in code.

import { server_now_ms } from "./api.js";
import { period_list } from "./book.js";
import { code_card } from "./code.js";
import { countdown, moment, money, month_day, period, weekday } from "./format.js";
import { pay } from "./pay.js";
import { busy, button, el, empty, every, icon, notice, skeleton } from "./ui.js";

const STATES = {
	unpaid: ["待支付", "wait"], paid: ["待使用", "good"], used: ["已核销", "done"],
	late: ["已超时", "off"], expired: ["已超时", "off"], closing: ["正在关闭", "off"],
	cancelled: ["已取消", "off"], refunded: ["已退款", "off"],
	settling: ["付款处理中", "wait"],
};

const left_ms = (order) => Date.parse(order.expires_at) - server_now_ms();

/**
 * The state as the customer sees it: used once every period is, late once the time is up,
 * settling when money came for an order that was over already.
 */
function order_state({ state, pay_state, items, ...order }) {
	if (items.length > 0 && items.every((item) => item.state === "used"))
		return "used";
	if (state === "pending" && pay_state === "unpaid")
		return left_ms(order) > 0 ? "unpaid" : "late";
	if (pay_state === "refunded")
		return "refunded";
	return state !== "paid" && pay_state === "paid" ? "settling" : state;
}

function badge(order) {
	const state = order_state(order);
	const [text, look] = STATES[state] ?? [state, "off"];
	return el(`span.badge.${look}`, { "data-state": state }, text);
}

export async function orders_screen(place) {
	const { client, screen, signal } = place;
	const list = el("div.cards", skeleton("card", 4));
	screen.replaceChildren(list);
	try {
		const page = await client.get("/api/v1/orders", signal);
		list.replaceChildren();
		orders_append(place, list, page);
		if (page.items.length === 0)
			list.append(empty("还没有订单", "订好的场地会出现在这里。",
				el("a.button.primary", { href: "#venues" }, "去订场")));
	} catch (error) {
		if (!signal.aborted)
			list.replaceChildren(notice(error, () => orders_screen(place)));
	}
}

function orders_append({ client, signal }, list, page) {
	list.append(...page.items.map(order_card));
	if (!page.next_cursor)
		return;
	const query = `?cursor=${encodeURIComponent(page.next_cursor)}`;
	const more = button("更早的订单", () => busy(more, async () => {
		try {
			const next = await client.get(`/api/v1/orders${query}`, signal);
			more.remove();
			orders_append({ client, signal }, list, next);
		} catch (error) {
			if (!signal.aborted)
				more.before(notice(error));
		}
	}), ".wide");
	list.append(more);
}

const order_day = ({ date }) => el("p.when", `${month_day(date)} ${weekday(date)}`);

function order_card(order) {
	const lines = order.items.map(({ court_name, start, end }) =>
		el("li", `${court_name} ${period(start, end, order.date)}`));
	return el("a.card.order", { href: `#order-${order.id}` },
		el("div.card-main",
			el("div.card-head", el("h3", order.venue_name), badge(order)),
			order_day(order), el("ul.lines", ...lines),
			el("p.card-foot", el("span", moment(order.created_at)),
				el("strong", money(order.amount_fen)))));
}

/** Draws the order; drawing it anew ends what the drawing before had going on. */
export async function order_screen(place) {
	const { client, screen, id, signal } = place;
	place.drawing?.abort();
	const drawing = new AbortController();
	place.drawing = drawing;
	signal.addEventListener("abort", () => drawing.abort(), { once: true });
	if (screen.childElementCount === 0)
		screen.replaceChildren(skeleton("card", 2));
	try {
		const order = await client.get(`/api/v1/orders/${id}`, signal);
		if (!drawing.signal.aborted)
			order_show(place, order);
	} catch (error) {
		if (!drawing.signal.aborted)
			screen.replaceChildren(notice(error, () => order_screen(place)));
	}
}

function order_show(place, order) {
	const reload = () => order_screen(place);
	const state = order_state(order);
	const parts = [];
	place.dock.replaceChildren();
	place.dock.hidden = true;
	if (state === "unpaid")
		parts.push(unpaid_head(place, order));
	else if (state === "paid" || state === "used")
		parts.push(paid_head(order), code_card(place, order, reload));
	else
		parts.push(over_head(order, state));
	place.screen.replaceChildren(el("div.order-page", { "data-state": state },
		...parts, order_facts(order)));
	if (state === "unpaid")
		pay_dock(place, order, reload);
}

function unpaid_head({ drawing }, order) {
	const left = () => countdown(left_ms(order));
	const named = { role: "timer", "aria-label": "剩余支付时间" };
	const time = el("strong.countdown", named, left());
	every(250, drawing.signal, () => { time.textContent = left(); });
	return el("div.status.wait", icon("clock"),
		el("div", el("h3", "待支付"), el("p", "超时未付，场地会自动放开")), time);
}

function paid_head(order) {
	const is_used = order_state(order) === "used";
	return el(`div.status.${is_used ? "done" : "good"}`, { role: "status" }, icon("check"),
		el("div", el("h3", is_used ? "已核销" : "支付成功"),
			el("p", is_used ? "祝你打得开心" : "到场后出示下面的入场码")));
}

function over_head(order, state) {
	const [title] = STATES[state] ?? [state];
	const text = state === "settling" ? "付款到账时订单已经结束，正在处理。" :
		"这笔订单已经结束，场地不再保留。";
	return el("div.status.off", { role: "status" }, icon("clock"),
		el("div", el("h3", title), el("p", text)),
		el("a.button.small", { href: `#venue-${order.venue_id}` }, "重新订"));
}

function order_facts(order) {
	const fact = (name, value) => value ? [el("dt", name), el("dd", value)] : [];
	return el("section.card.plain",
		el("div.card-main", el("h3", order.venue_name),
			order_day(order), period_list(order.items, order.date),
			el("dl.facts",
				...fact("合计", money(order.amount_fen)),
				...fact("订单号", order.no),
				...fact("下单时间", moment(order.created_at)),
				...fact("支付时间", order.paid_at && moment(order.paid_at)),
				...fact("备注", order.note))));
}

/** The pay button, until the time is up. */
function pay_dock(place, order, reload) {
	const { dock, drawing } = place;
	const trouble = el("div.trouble");
	const work = () => pay(place, order, trouble, reload);
	const submit = button(`微信支付 ${money(order.amount_fen)}`, () => busy(submit, work),
		".primary.wide", { id: "pay" });
	dock.replaceChildren(trouble, submit);
	dock.hidden = false;
	const over = setTimeout(reload, Math.max(0, left_ms(order)) + 300);
	drawing.signal.addEventListener("abort", () => clearTimeout(over), { once: true });
}
