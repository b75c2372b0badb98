// One order at the desk: periods, payments, refunds, and what staff can do about them.

import { moment, money, month_day, refund_rule, weekday } from "./format.js";
import { undo_ask } from "./desk_ask.js";
import { customer_name } from "./desk_orders.js";
import { refund_sheet, stuck_buttons } from "./desk_refund.js";
import { badge_of, item_badge, item_time, order_badges } from "./state.js";
import { watch } from "./timing.js";
import { button, el, facts, notice, skeleton } from "./ui.js";
import {
	ATTEMPT_STATES, CHANNELS, METHODS, REFUND_CAUSES, REFUND_STATES, trouble_words,
} from "./words.js";

const LOOK_MS = 2000;

/** Draws it, and anew whenever it has changed. */
export async function order_view(place, id) {
	const { client, screen, signal } = place;
	place.drawing?.abort();
	const drawing = place.drawing = new AbortController();
	signal.addEventListener("abort", () => drawing.abort(), { once: true });
	const load = () => client.get(`/api/v1/staff/orders/${id}`, signal);
	const reload = () => order_view(place, id);
	if (screen.childElementCount === 0)
		screen.replaceChildren(skeleton("card", 3));
	try {
		const found = await load();
		if (drawing.signal.aborted)
			return;
		order_draw(place, found, reload);
		const draw = (now) => order_draw(place, now, reload);
		watch(LOOK_MS, drawing.signal, found, load, draw);
	} catch (error) {
		if (!drawing.signal.aborted)
			screen.replaceChildren(notice(error, reload));
	}
}

function order_draw(place, { order, attempts, refunds }, reload) {
	place.screen.replaceChildren(
		order_card(place, order, reload),
		section("付款", attempts.map(attempt_row), "还没有发起过付款。"),
		section("退款", refunds.map((refund) => refund_row(place, refund, reload)),
			"没有退款。"));
	if (place.may("refund") && order.paid_fen > order.refunded_fen)
		place.screen.append(button("退款", () => refund_sheet(place, order, reload),
			".primary.wide", { id: "refund" }));
}

/** The check-in of last; the server says whether it is too late for that. */
function undo_button(place, { id, items }, reload) {
	const last = items.map(({ checked_in_at }) => checked_in_at).filter(Boolean).sort().at(-1);
	return last && place.may("checkin") ? button("撤销核销", () =>
		undo_ask(place, id, last, reload), ".small", { id: "undo" }) : null;
}

function order_card(place, order, reload) {
	const items = order.items.map((item) => el("li", { "data-state": item.state },
		el("strong", item.court_name), el("span", item_time(item, order.date)),
		item_badge(item), el("span.price", money(item.price_fen))));
	const conduct = place.may("ban") ? button("违约与封禁", () =>
		place.go("person", order.customer.id), ".small", { id: "person" }) : null;
	const { customer, venue_name, date } = order;
	return el("section.card.plain", el("div.card-main",
		el("div.card-head", el("h3", customer_name(customer)), order_badges(order)),
		el("p.when", `${venue_name} · ${month_day(date)} ${weekday(date)}`),
		el("ul.periods", ...items), order_facts(order),
		el("div.card-actions", conduct, undo_button(place, order, reload))));
}

const order_facts = (order) => facts(
	["合计", money(order.amount_fen)], ["已付", money(order.paid_fen)],
	["已退", money(order.refunded_fen)], ["退改规则", refund_rule(order.refund_tiers)],
	["订单号", order.no], ["手机号", order.customer.phone],
	["下单时间", moment(order.created_at)],
	["支付时间", order.paid_at && moment(order.paid_at)],
	["结束时间", order.closed_at && moment(order.closed_at)],
	["全额退款仍保留场地", order.kept_at && moment(order.kept_at)], ["备注", order.note]);

function section(title, rows, none) {
	return el("section.card.plain", el("div.card-main", el("h3", title),
		rows.length > 0 ? el("ul.records", ...rows) : el("p.hint", none)));
}

const line_head = (fen, badge) => el("div.line-head", el("strong", money(fen)), badge);

function attempt_row(attempt) {
	const { channel, method, amount_fen, refunded_fen, state } = attempt;
	return el("li", { "data-state": state },
		line_head(amount_fen, badge_of(ATTEMPT_STATES, state)),
		el("p", `${CHANNELS[channel] ?? channel} · ${METHODS[method] ?? method}`),
		facts(["商户单号", attempt.out_trade_no], ["渠道单号", attempt.transaction_id],
			["已退", refunded_fen > 0 ? money(refunded_fen) : null],
			["付款时间", attempt.paid_at && moment(attempt.paid_at)]));
}

const needs_help = ({ state, delayed_at }) => state === "stuck" ||
	delayed_at !== null && ["created", "accepted"].includes(state);

function refund_row(place, refund, reload) {
	const { amount_fen, cause, reason, state } = refund;
	return el("li", { "data-refund": refund.id, "data-state": state },
		line_head(amount_fen, badge_of(REFUND_STATES, state)),
		el("p", `${REFUND_CAUSES[cause] ?? cause}：${reason}`),
		facts(["退款单号", refund.out_refund_no], ["渠道单号", refund.channel_no],
			["经手人", refund.by],
			["卡住的原因", refund.trouble && trouble_words(refund.trouble)],
			["申请时间", moment(refund.created_at)],
			["延迟", refund.delayed_at && moment(refund.delayed_at)],
			["完成时间", refund.done_at && moment(refund.done_at)]),
		needs_help(refund) && place.may("refund") ?
			stuck_buttons(place, refund.id, amount_fen, reload) : null);
}
