// Giving up an order. Unpaid, it goes as a whole and costs nothing. Of a paid one the periods
// are chosen, and what they bring back is shown before the tap and sent with it: if it has
// changed meanwhile, the server says so and the new sum is shown.

import { money } from "./format.js";
import { sheet } from "./sheet.js";
import { item_time } from "./state.js";
import { busy, button, choice, el, explain } from "./ui.js";

export function cancel(place, order, reload) {
	if (order.paid_at)
		new Quoting(place, order, reload).open();
	else
		unpaid_cancel(place, order, reload);
}

const path_of = (order) => `/api/v1/orders/${order.id}/cancellation`;

function unpaid_cancel(place, order, reload) {
	const trouble = el("div.trouble");
	const submit = button("确认取消", () => busy(submit, async () => {
		try {
			await place.client.post(path_of(order), {});
			asking.close();
			reload();
		} catch (error) {
			explain(trouble, error);
		}
	}), ".danger.wide", { id: "cancel-confirm" });
	const asking = sheet(place.panel, "取消订单", el("div.form",
		el("p.hint", "还没有付款，取消不产生费用，场地随即放开。"), trouble, submit));
}

/** The sheet on which the periods are chosen. */
class Quoting {
	#place;
	#order;
	#reload;
	#sheet = null;
	#possible = []; /* ids of what can be given up now */
	#chosen = new Set();
	#quote = null;
	#loads = 0;
	#list = el("ul.choices");
	#sum = el("div.quote-sum", { "aria-live": "polite" });
	#trouble = el("div.trouble");
	#submit;

	constructor(place, order, reload) {
		this.#place = place;
		this.#order = order;
		this.#reload = reload;
	}

	open() {
		this.#submit = button("正在计算…", () => busy(this.#submit, () => this.#send()),
			".danger.wide", { id: "cancel-confirm", disabled: true });
		const content = el("div.form",
			el("p.hint", "选择要取消的时段。退款原路返回，场地随即放开。"),
			this.#list, this.#sum, this.#trouble, this.#submit);
		this.#sheet = sheet(this.#place.panel, "取消场地", content, () => this.#loads++);
		this.#begin();
	}

	/** Everything that can be given up now, all of it chosen. */
	async #begin() {
		const all = await this.#load("");
		if (all === null)
			return;
		this.#possible = all.items.map(({ id }) => id);
		this.#chosen = new Set(this.#possible);
		this.#draw();
	}

	/** Only the newest of several loads may draw; null for the others and for a refusal. */
	async #load(query) {
		const mine = ++this.#loads;
		this.#submit.disabled = true;
		try {
			const quote = await this.#place.client.get(path_of(this.#order) + query,
				this.#place.signal);
			if (mine !== this.#loads)
				return null;
			this.#quote = quote;
			return quote;
		} catch (error) {
			if (mine === this.#loads && !this.#place.signal.aborted)
				this.#refused(error);
			return null;
		}
	}

	#refused(error) {
		this.#submit.textContent = "现在不能取消";
		explain(this.#trouble, error);
	}

	async #choose(id, is_chosen) {
		if (is_chosen)
			this.#chosen.add(id);
		else
			this.#chosen.delete(id);
		this.#trouble.replaceChildren();
		await this.#price();
	}

	/** What the chosen periods bring back now. */
	async #price() {
		if (this.#chosen.size === 0) {
			this.#loads++;
			this.#quote = null;
			return this.#sum_draw();
		}
		if (await this.#load(`?items=${[...this.#chosen].join(",")}`))
			this.#draw();
	}

	#draw() {
		const quoted = new Map(this.#quote.items.map((item) => [item.id, item]));
		const focused = this.#list.querySelector(":focus")?.value;
		const items = this.#order.items.filter(({ state }) => state !== "released");
		this.#list.replaceChildren(...items.map((item) =>
			this.#row(item, quoted.get(item.id))));
		this.#list.querySelector(`input[value="${focused}"]`)?.focus();
		this.#sum_draw();
	}

	#row(item, quoted) {
		const is_possible = this.#possible.includes(item.id);
		const why = item.state === "used" ? "已核销，不能取消" : "已开场，不能取消";
		const sums = [`价格 ${money(item.price_fen)}`, ...quoted ?
			[`手续费 ${money(quoted.fee_fen)}`, `退 ${money(quoted.refund_fen)}`] : []];
		return el("li", { "data-item": item.id }, choice([
			el("span.choice-text", el("strong",
				`${item.court_name} ${item_time(item, this.#order.date)}`),
			el("span", is_possible ? sums.join(" · ") : why))],
		this.#chosen.has(item.id), (is_chosen) => this.#choose(item.id, is_chosen),
		{ value: item.id, disabled: !is_possible }));
	}

	#sum_draw() {
		const quote = this.#quote;
		this.#submit.disabled = quote === null;
		this.#submit.textContent = quote ?
			`确认取消，退回 ${money(quote.refund_fen)}` : "请选择时段";
		this.#sum.replaceChildren(...quote ? [
			el("span", `价格合计 ${money(quote.price_fen)}`),
			el("span", `手续费 ${money(quote.fee_fen)}`),
			el("strong", "退回 ", el("b.total", money(quote.refund_fen)))] : []);
	}

	async #send() {
		const { refund_fen, items } = this.#quote;
		try {
			await this.#place.client.post(path_of(this.#order),
				{ items: items.map(({ id }) => id), refund_fen });
			this.#sheet.close();
			this.#reload();
		} catch (error) {
			explain(this.#trouble, error);
			if (error.status === 409)
				await this.#again(error);
		}
	}

	/** The sum is another one, or a period can't be given up any more: show the truth. */
	async #again({ code }) {
		if (code !== "quote_changed")
			return this.#begin();
		await this.#price();
		this.#trouble.append(el("p.hint", { role: "status" },
			"已按现在的规则重新计算，请核对新的退款金额再确认。"));
	}
}
