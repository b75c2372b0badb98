// One of my orders: from unpaid (countdown) to its check-in code, or to its end. It is looked
// at again every few seconds, and drawn anew when it has changed.

import { cancel } from "./cancel.js";
import { code_card } from "./code.js";
import { countdown, moment, money, month_day, refund_rule, weekday } from "./format.js";
import { channel_choice, pay, payment_check } from "./pay.js";
import {
	badge_of, is_cancellable, item_badge, item_time, left_ms, order_badges, order_state,
} from "./state.js";
import { every, watch } from "./timing.js";
import { busy, button, el, facts, icon, notice, skeleton } from "./ui.js";
import { ORDER_STATES, REFUND_CAUSES, REFUND_STATES } from "./words.js";

const LOOK_MS = 3000;

const OVER = {
	late: "支付时间已过，场地马上放开。",
	closing: "正在向支付渠道确认没有付款，随后放开场地。",
	expired: "没有在规定时间内支付，场地已放开。",
	cancelled: "订单已取消，场地已放开。",
};

/** Loads and draws the order; drawing it anew ends what the drawing before had going on. */
export async function order_screen(place) {
	const { client, screen, id, signal } = place;
	const drawing = drawing_begin(place);
	const load = () => client.get(`/api/v1/orders/${id}`, signal);
	if (screen.childElementCount === 0)
		screen.replaceChildren(el("div.order-page", skeleton("card", 2)));
	try {
		const order = await load();
		if (drawing.signal.aborted)
			return;
		order_show(place, order);
		watch(LOOK_MS, drawing.signal, order, load, () => order_screen(place));
	} catch (error) {
		if (!drawing.signal.aborted)
			screen.replaceChildren(notice(error, () => order_screen(place)));
	}
}

function drawing_begin(place) {
	place.drawing?.abort();
	const drawing = new AbortController();
	place.drawing = drawing;
	place.signal.addEventListener("abort", () => drawing.abort(), { once: true });
	return drawing;
}

function order_show(place, order) {
	const reload = () => order_screen(place);
	const state = order_state(order);
	const trouble = el("div.trouble");
	const page = el("div.order-page", { "data-state": state });
	place.dock.replaceChildren();
	place.dock.hidden = true;
	if (state === "pending")
		page.append(unpaid_head(place, order), channel_choice(place));
	else if (state === "paid" || state === "used")
		page.append(paid_head(state), code_card(place, order, reload));
	else
		page.append(over_head(order, state));
	page.append(refunds_card(order), order_card(order));
	place.screen.replaceChildren(page);
	if (state === "pending")
		return pay_dock(place, order, trouble, reload);
	page.append(trouble, ...actions(place, order, trouble, reload));
}

function unpaid_head({ drawing }, order) {
	const left = () => countdown(left_ms(order));
	const named = { role: "timer", "aria-label": "剩余支付时间" };
	const time = el("strong.countdown", named, left());
	every(250, drawing.signal, () => { time.textContent = left(); });
	return el("div.status.wait", icon("clock"),
		el("div", el("h3", "待支付"), el("p", "超时未付，场地会自动放开")), time);
}

function paid_head(state) {
	const is_used = state === "used";
	return el(`div.status.${is_used ? "done" : "good"}`, { role: "status" }, icon("check"),
		el("div", el("h3", is_used ? "已核销" : "支付成功"),
			el("p", is_used ? "祝你打得开心" : "到场后出示下面的入场码")));
}

function over_head(order, state) {
	const [title] = ORDER_STATES[state] ?? [state];
	return el("div.status.off", { role: "status" }, icon("clock"),
		el("div", el("h3", title), el("p", OVER[state] ?? "这笔订单已经结束。")),
		el("a.button.small", { href: `#venue-${order.venue_id}` }, "重新订"));
}

/** Money on its way back, or back; empty without any. */
function refunds_card({ refunds }) {
	if (refunds.length === 0)
		return "";
	const rows = refunds.map(({ amount_fen, cause, reason, state, created_at, done_at }) =>
		el("li", { "data-state": state },
			el("div.line-head", el("strong", money(amount_fen)),
				badge_of(REFUND_STATES, state)),
			el("p", cause === "staff" ? `球馆退款：${reason}` :
				cause === "late" ? `付款到账时${reason}` :
				REFUND_CAUSES[cause] ?? cause),
			el("p", `${moment(created_at)} 申请` +
				(done_at ? `，${moment(done_at)} 到账` : "，原路退回中"))));
	return el("section.card.plain.refunds", { "aria-label": "退款" },
		el("div.card-main", el("h3", "退款"), el("ul.records", ...rows)));
}

function order_card(order) {
	const { date, paid_at } = order;
	const items = order.items.map((item) => el("li", { "data-state": item.state },
		el("strong", item.court_name), el("span", item_time(item, date)),
		paid_at ? item_badge(item) : null, el("span.price", money(item.price_fen))));
	return el("section.card.plain", el("div.card-main",
		el("div.card-head", el("h3", order.venue_name), order_badges(order)),
		el("p.when", `${month_day(date)} ${weekday(date)}`),
		el("ul.periods", ...items),
		facts(["合计", money(order.amount_fen)],
			["已退", order.refunded_fen > 0 ? money(order.refunded_fen) : null],
			["退改规则", refund_rule(order.refund_tiers)],
			["订单号", order.no], ["下单时间", moment(order.created_at)],
			["支付时间", paid_at && moment(paid_at)], ["备注", order.note])));
}

/** The pay button, until the time is up. */
function pay_dock(place, order, trouble, reload) {
	const { dock, drawing } = place;
	const work = () => pay(place, order, trouble, reload);
	const submit = button(`支付 ${money(order.amount_fen)}`, () => busy(submit, work),
		".primary.wide", { id: "pay" });
	dock.replaceChildren(trouble, submit, el("div.dock-more",
		...actions(place, order, trouble, reload)));
	dock.hidden = false;
	const over = setTimeout(reload, Math.max(0, left_ms(order)) + 300);
	drawing.signal.addEventListener("abort", () => clearTimeout(over), { once: true });
}

/** What else can be done: ask for a payment that has not shown up, and give up. */
function actions(place, order, trouble, reload) {
	const check = button("我已支付", () => busy(check, () =>
		payment_check(place, order, trouble, reload)), ".wide", { id: "check" });
	const give_up = button(order.paid_at ? "取消场地，申请退款" : "取消订单",
		() => cancel(place, order, reload), ".wide", { id: "cancel" });
	return [order.paid_at ? null : check, is_cancellable(order) ? give_up : null]
		.filter(Boolean);
}
