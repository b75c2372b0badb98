// The simulator's panel: what can go wrong between the wallets and our server, at a tap.

import { moment, money } from "./format.js";
import { sheet } from "./sheet.js";
import { simulator_get, simulator_known, simulator_post } from "./simulator.js";
import { busy, button, el, notice, skeleton } from "./ui.js";
import { CHANNELS } from "./words.js";

const OUTCOMES = { SUCCESS: "正常到账", ABNORMAL: "账户异常", CLOSED: "被渠道关闭" };
const LATE_MOST = 5;

/** Attempts that were closed without money, of both channels, the newest first. */
async function closed_attempts() {
	const [orders, trades] = await Promise.all(
		["/sim/orders", "/sim/trades"].map(simulator_get));
	const wechat = orders.items.filter((order) => order.trade_state === "CLOSED")
		.map((order) => ({ ...order, channel: "wechat", fen: order.amount.total }));
	const alipay = trades.items.filter((trade) => trade.closed && !trade.paid_at)
		.map((trade) => ({ ...trade, channel: "alipay", fen: trade.total_fen }));
	return [...wechat, ...alipay].sort((a, b) => b.expire_at.localeCompare(a.expire_at))
		.slice(0, LATE_MOST);
}

class Fate {
	#content = el("div.fate", skeleton("line", 3));
	#word = el("div.trouble");

	open(stage) {
		sheet(stage, "模拟器", el("div", this.#word, this.#content));
		this.#draw();
	}

	async #draw() {
		try {
			const [{ armed, settings }, closed] = await Promise.all(
				[simulator_get("/sim/faults"), closed_attempts()]);
			const calm = this.#tap("全部恢复正常", "/sim/reset", { keep_books: true },
				"已恢复正常，没送到的通知会重新送达。", ".wide");
			this.#content.replaceChildren(this.#notify(armed),
				this.#refunds(settings.refund_outcome),
				this.#late(closed), calm);
		} catch (error) {
			this.#content.replaceChildren(notice(error, () => this.#draw()));
		}
	}

	/** A button that does one thing to the world, says so, and draws the panel anew. */
	#tap(label, path, body, done, looks = ".small", props = {}) {
		const node = button(label, () => busy(node, async () => {
			try {
				const { result, errMsg } = await simulator_post(path, body);
				this.#word.replaceChildren(el("p.hint", { role: "status" },
					result && result !== "ok" ? errMsg : done));
			} catch (error) {
				this.#word.replaceChildren(notice(error));
			}
			this.#draw();
		}), looks, props);
		return node;
	}

	#notify(armed) {
		const count = armed.filter(({ name }) => name === "notify_never").length;
		return el("section", el("h3", "支付通知"),
			el("p.hint", count > 0 ? `接下来的 ${count} 个支付通知会丢失。` :
				"付款以后，渠道会通知球馆系统；通知也可能丢失。"),
			this.#tap("丢失下一个支付通知", "/sim/faults",
				{ name: "notify_never", times: 1, event: "transaction" },
				"下一笔付款不会有通知，可以用「我已支付」查回来。", ".wide",
				{ id: "fate-lose" }));
	}

	#refunds(outcome) {
		const options = Object.entries(OUTCOMES).map(([value, name]) =>
			this.#tap(name, "/sim/faults", { name: "refund_outcome", value },
				`之后的微信退款：${name}。`, ".small",
				{ "data-outcome": value,
					"aria-pressed": String(value === outcome) }));
		return el("section", el("h3", "微信退款的结局"),
			el("p.hint", "异常与关闭的退款会进入前台的「待办」。"),
			el("div.fate-row", { role: "group", "aria-label": "退款的结局" },
				...options));
	}

	#late(closed) {
		const rows = closed.map(({ channel, out_trade_no, fen, expire_at }) => el("li",
			el("span.choice-text",
				el("strong", `${CHANNELS[channel]} ${money(fen)}`),
				el("span", out_trade_no),
				el("span", `原定 ${moment(expire_at)} 前付`)),
			this.#tap("此刻到账", "/sim/pay", { out_trade_no, late: true, wait: true },
				"钱到账了：看订单是恢复还是退款。")));
		return el("section", el("h3", "迟到的付款"),
			el("p.hint", rows.length > 0 ? "这些付款已经关闭，银行的钱还可能晚到：" :
				"取消一个发起过支付的订单以后，可以在这里让钱晚到。"),
			el("ul.records", ...rows));
	}
}

/** The button is there on a demo stack only. */
export function fate_start(node, stage) {
	simulator_known().then((is_demo) => { node.hidden = !is_demo; });
	node.addEventListener("click", () => {
		if (!stage.querySelector(":scope > .sheet"))
			new Fate().open(stage);
	});
}
