// Paying one order: our payment attempt, the cashier of the chosen channel (played by the
// simulator), and then the question to our own server, which alone decides whether it is paid.

import { ApiError } from "./api.js";
import { money } from "./format.js";
import { qr_picture } from "./picture.js";
import { sheet } from "./sheet.js";
import { sleep } from "./timing.js";
import { busy, button, el, explain, icon, notice } from "./ui.js";
import { alipay_pay, wechat_pay } from "./wallets.js";
import { CHANNELS } from "./words.js";

const POLL_MS = 1000;
const CONFIRM_LIMIT_MS = 10_000;
const CHANNEL = "zx.customer.channel";

/** How each channel is asked, and what its wallet does with the answer. */
const TILLS = {
	wechat: { method: "jsapi", wallet: wechat_pay, title: "微信支付", accept: "确认付款",
		hint: "微信收银台（模拟器，不会扣款）" },
	alipay: { method: "native", wallet: alipay_pay, title: "支付宝", accept: "扫码并付款",
		hint: "请用支付宝扫一扫（由模拟器代扫，不会扣款）" },
};

/** Refusals that mean: the order is no longer what the screen shows. */
const STALE = new Set(["order_expired", "order_paid", "order_cancelled"]);

const channel_chosen = () => sessionStorage.getItem(CHANNEL) ?? "wechat";

/** Which channel to pay by: it is remembered. */
export function channel_choice() {
	const row = el("div.channels", { role: "group", "aria-label": "支付方式" });
	const press = () => [...row.children].forEach((node) => {
		node.ariaPressed = String(node.dataset.value === channel_chosen());
	});
	row.append(...Object.entries(CHANNELS).map(([value, name]) => el("button", {
		type: "button", "data-value": value,
		onclick: () => {
			sessionStorage.setItem(CHANNEL, value);
			press();
		},
	}, el("span.channel-mark", icon("check")), name)));
	press();
	return row;
}

/** Opens the cashier for an order; `reload` draws the order anew once something has changed. */
export async function pay(place, order, trouble, reload) {
	const channel = channel_chosen();
	trouble.replaceChildren();
	try {
		const attempt = await place.client.post(`/api/v1/orders/${order.id}/payments`,
			{ channel, method: TILLS[channel].method });
		if (!place.signal.aborted)
			new Till(place, order, attempt, trouble, reload).open();
	} catch (error) {
		if (place.signal.aborted)
			return;
		if (STALE.has(error.code))
			return reload();
		explain(trouble, error);
	}
}

/** Asks the server to ask the channels; says so when they know of no payment. */
export async function payment_check({ client, signal }, order, trouble, reload) {
	trouble.replaceChildren();
	try {
		const now = await client.tell(`/api/v1/orders/${order.id}/payments/check`);
		if (signal.aborted)
			return;
		if (now.pay_state !== order.pay_state || now.state !== order.state ||
			now.refunds.length !== order.refunds.length)
			return reload();
		trouble.replaceChildren(el("p.hint", { role: "status" },
			"支付渠道还没有收到这笔付款。若刚刚付过，请过一会儿再查，不要重复支付。"));
	} catch (error) {
		if (!signal.aborted)
			explain(trouble, error);
	}
}

/** The sheet that the wallet shows on a phone. */
class Till {
	#place;
	#order;
	#attempt;
	#trouble;
	#reload;
	#kind;
	#sheet = null;
	#is_paid = false;
	#is_waiting = false;
	#over = new AbortController();
	#word = el("div.cashier-word");
	#accept;
	#refuse;

	constructor(place, order, attempt, trouble, reload) {
		this.#place = place;
		this.#order = order;
		this.#attempt = attempt;
		this.#trouble = trouble;
		this.#reload = reload;
		this.#kind = TILLS[attempt.channel];
	}

	open() {
		const accept = () => busy(this.#accept, () => this.#tapped());
		this.#accept = button(this.#kind.accept, accept, ".primary.wide",
			{ id: "cashier-accept" });
		this.#refuse = button("取消支付", () => this.#sheet.dismiss(), ".wide",
			{ id: "cashier-cancel" });
		const { code_url, amount_fen } = this.#attempt;
		const content = el("div.cashier", el("p.hint", this.#kind.hint),
			el("p.cashier-to", this.#order.venue_name),
			el("p.cashier-sum", money(amount_fen)),
			code_url ? qr_picture(code_url, "支付二维码") : null,
			this.#word, this.#accept, this.#refuse);
		this.#sheet = sheet(this.#place.panel, this.#kind.title, content,
			() => this.#dismissed());
		this.#place.signal.addEventListener("abort", () => this.#over.abort(),
			{ once: true });
		if (code_url) /* any phone may scan it */
			this.#wait();
	}

	#dismissed() {
		this.#over.abort();
		if (this.#is_paid)
			return this.#reload();
		this.#trouble.replaceChildren(el("p.hint", { role: "status" },
			"已取消支付。场地为你保留到倒计时结束，可以再付。"));
	}

	#close() {
		this.#over.abort();
		this.#sheet.close();
		this.#reload();
	}

	/** Pays once; after that, tapping only asks whether the money has arrived. */
	async #tapped() {
		this.#word.replaceChildren();
		try {
			if (this.#is_paid)
				return await payment_check(this.#place, this.#order, this.#word,
					() => this.#close());
			await this.#kind.wallet(this.#attempt);
			this.#paid();
		} catch (error) {
			if (!this.#place.signal.aborted)
				this.#word.replaceChildren(notice(error));
		}
	}

	#paid() {
		this.#is_paid = true;
		this.#accept.textContent = "我已支付";
		this.#refuse.textContent = "稍后再看";
		this.#word.replaceChildren(el("p.hint", { role: "status" },
			"已付款，正在等待球馆系统确认…"));
		setTimeout(() => this.#unconfirmed(), CONFIRM_LIMIT_MS);
		this.#wait();
	}

	#unconfirmed() {
		if (!this.#over.signal.aborted)
			this.#word.replaceChildren(notice(new ApiError("payment_unconfirmed",
				"还没有收到支付结果。若已付款，请点「我已支付」查询，不要重复支付。")));
	}

	/** Until our server says that the order is paid; a lost answer is asked for again. */
	async #wait() {
		const { client } = this.#place;
		const { signal } = this.#over;
		const path = `/api/v1/orders/${this.#order.id}`;
		if (this.#is_waiting)
			return;
		this.#is_waiting = true;
		while (!signal.aborted) {
			const order = await client.get(path, signal).catch(() => null);
			if (order && order.state !== this.#order.state)
				return this.#close();
			await sleep(POLL_MS, signal).catch(() => null);
		}
	}
}
