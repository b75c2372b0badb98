// Paying one order: our payment attempt, WeChat's cashier (played by the simulator), and then
// the question to our own server, which alone decides whether the order is paid.

import { ApiError } from "./api.js";
import { money } from "./format.js";
import { busy, button, el, notice, sheet, sleep } from "./ui.js";
import { request_payment } from "./wechat.js";

const POLL_MS = 1000;
const POLL_LIMIT_MS = 60_000;

/** Refusals that mean: the order is no longer what the screen shows. */
const STALE = new Set(["order_state", "order_expired", "order_paid"]);

/** Opens the cashier for an order; `reload` draws the order anew once something has changed. */
export async function pay(place, order, trouble, reload) {
	trouble.replaceChildren();
	try {
		const attempt = await place.client.post(`/api/v1/orders/${order.id}/payments`,
			{ channel: "wechat", method: "jsapi" });
		if (!place.signal.aborted)
			cashier(place, order, attempt, trouble, reload);
	} catch (error) {
		if (place.signal.aborted)
			return;
		if (STALE.has(error.code))
			return reload();
		trouble.replaceChildren(notice(error));
	}
}

/** The sheet that WeChat itself shows on a phone after wx.requestPayment. */
function cashier(place, order, attempt, trouble, reload) {
	const word = el("div.cashier-word");
	const work = () => cashier_accept(place, order, attempt,
		{ word, accept, refuse, till, reload });
	const accept = button("确认付款", () => busy(accept, work), ".primary.wide",
		{ id: "cashier-accept" });
	const refuse = button("取消支付", () => till.dismiss(), ".wide",
		{ id: "cashier-cancel" });
	const cancelled = el("p.hint", { role: "status" },
		"已取消支付。场地为你保留到倒计时结束，可以再付。");
	const dismissed = () => attempt.is_paid ? reload() : trouble.replaceChildren(cancelled);
	const content = el("div.cashier",
		el("p.hint", "微信收银台（模拟器，不会扣款）"),
		el("p.cashier-to", order.venue_name),
		el("p.cashier-sum", money(attempt.amount_fen)),
		word, accept, refuse);
	const till = sheet(place.panel, "微信支付", content, dismissed);
}

/** Pays once; after that, tapping again only asks again whether the money has arrived. */
async function cashier_accept(place, order, attempt, parts) {
	const { word, accept, refuse, till, reload } = parts;
	word.replaceChildren();
	refuse.disabled = true;
	try {
		if (!attempt.is_paid)
			await request_payment(attempt.pay_params);
		attempt.is_paid = true;
		accept.textContent = "查询结果";
		refuse.textContent = "稍后再看";
		word.replaceChildren(el("p.hint", { role: "status" },
			"已付款，正在等待球馆系统确认…"));
		await paid_wait(place, order.id);
		till.close();
		reload();
	} catch (error) {
		if (place.signal.aborted)
			return;
		word.replaceChildren(notice(error));
	} finally {
		refuse.disabled = false;
	}
}

/** Waits until our server says that the order is paid; a lost answer is asked for again. */
async function paid_wait({ client, signal }, order_id) {
	const deadline = performance.now() + POLL_LIMIT_MS;
	while (performance.now() < deadline) {
		try {
			const order = await client.get(`/api/v1/orders/${order_id}`, signal);
			if (order.pay_state === "paid")
				return;
		} catch (error) {
			if (!(error instanceof ApiError) || !error.is_unknown)
				throw error;
		}
		await sleep(POLL_MS, signal);
	}
	throw new ApiError("payment_unconfirmed",
		"还没有收到支付结果。若已付款，请稍后在「我的订单」里查看，不要重复支付。");
}
