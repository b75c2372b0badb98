// The desk's check-in: a code from keyboard, scanner gun or camera, and what became of it.

import { ApiError, server_now_ms } from "./api.js";
import { undo_ask } from "./desk_ask.js";
import { code_clean, money } from "./format.js";
import { code_watch } from "./handover.js";
import { camera_can_scan, camera_scan } from "./scanner.js";
import { item_time } from "./state.js";
import { busy, button, el, empty, error_detail, form, icon, submit_button } from "./ui.js";

const CHECKINS = "/api/v1/staff/checkins";
const DONE_MOST = 100;

/** The check-ins of whoever has signed in. Not stored: they name customers. */
let done = [];

export const done_forget = () => { done = []; };

export function checkin_view(place) {
	new Checkin(place).show();
}

class Checkin {
	#place;
	#code = el("input", { id: "code", name: "code", autocomplete: "off",
		autocapitalize: "off", spellcheck: "false", enterkeyhint: "done",
		placeholder: "输入 10 位数字，或用扫码枪" });
	#submit = submit_button("核销", ".primary");
	#ways = el("div.ways");
	#result = el("div.result-area", { "aria-live": "assertive" });
	#list = el("div.done-area");

	constructor(place) {
		this.#place = place;
	}

	show() {
		const take = form("scan-form", () => this.#take(this.#code.value),
			el("label", { for: "code" }, "入场码"),
			el("div.scan-row", this.#code, this.#submit), this.#ways);
		this.#place.screen.replaceChildren(take, this.#result, this.#list);
		this.#ways_fill();
		this.#idle(icon("scan"), "等待扫码");
		this.#list_show();
		if (matchMedia("(min-width: 900px)").matches)
			this.#code.focus({ preventScroll: true });
	}

	#idle(...content) {
		this.#result.replaceChildren(el("div.result.idle", ...content));
	}

	async #ways_fill() {
		this.#ways.append(this.#beside());
		if (!await camera_can_scan())
			return;
		const camera = button("摄像头扫码", () => busy(camera, () => this.#camera()));
		camera.prepend(icon("camera"));
		this.#ways.prepend(camera);
	}

	/** Takes what the customer panel shows; both are on the screen only when it is wide. */
	#beside() {
		let shown = null;
		const beside = button("扫左侧二维码（演示用）", () => this.#take(shown),
			".beside", { id: "scan-beside" });
		beside.prepend(icon("scan"));
		code_watch((qr_text) => {
			shown = qr_text;
			beside.disabled = qr_text === null;
			beside.title = qr_text === null ? "左侧还没有显示入场码" : "";
		});
		this.#place.signal.addEventListener("abort", () => code_watch(() => {}),
			{ once: true });
		return beside;
	}

	async #camera() {
		try {
			const text = await camera_scan(this.#place.panel);
			if (text)
				await this.#take(text);
		} catch {
			this.#refused(new ApiError("camera_unavailable",
				"打不开摄像头，请检查浏览器权限，或改用输入"));
		}
	}

	async #take(text) {
		const { client } = this.#place;
		const code = code_clean(text);
		if (code === "")
			return this.#code.focus();
		this.#code.value = code;
		await busy(this.#submit, async () => {
			this.#idle("正在核销…");
			try {
				this.#accepted(await client.post(CHECKINS, { code }));
			} catch (error) {
				if (client.is_signed_in)
					this.#refused(error);
			}
			this.#code.select();
		});
	}

	#accepted(checkin) {
		const { order_no, customer, items, paid_fen, refunded_fen } = checkin;
		const periods = items.map((item) =>
			el("li", el("strong", item.court), el("span", item_time(item))));
		this.#code.value = "";
		this.#result.replaceChildren(el("div.result.good", { "data-result": "good" },
			el("span.result-mark", icon("check")),
			el("div.result-text", el("h3", "核销成功，请入场"),
				el("ul.result-items", ...periods),
				el("p", `${customer || "顾客"} · 订单 ${order_no}`),
				refunded_fen > 0 ? el("p.result-why",
					`已付 ${money(paid_fen)}，其中已退 ${money(refunded_fen)}`) : null)));
		done = [checkin, ...done].slice(0, DONE_MOST);
		this.#list_show();
	}

	#refused(error) {
		const title = error.is_unknown ? "没有结果，请再试一次" : "不能入场";
		this.#result.replaceChildren(el("div.result.bad",
			{ "data-result": "bad", "data-code": error.code },
			el("span.result-mark", icon("cross")),
			el("div.result-text", el("h3", title),
				el("p.result-why", error.message),
				el("p.notice-code", error_detail(error)))));
	}

	/** As long as it can be taken back. */
	#undo_button(checkin) {
		const { order_id, checked_in_at, undo_until } = checkin;
		if (undo_until === null || Date.parse(undo_until) <= server_now_ms())
			return null;
		return button("撤销", () => undo_ask(this.#place, order_id, checked_in_at, () => {
			done = done.filter((other) => other !== checkin);
			this.#idle(icon("scan"), "已撤销核销");
			this.#list_show();
		}), ".small", { "data-undo": order_id });
	}

	#list_show() {
		const rows = done.length > 0 ? el("ul.done-list",
			...done.map((checkin) => done_row(checkin, this.#undo_button(checkin)))) :
			empty("还没有核销记录", "核销成功的订单会列在这里。");
		this.#list.replaceChildren(el("h3", `本次登录已核销 ${done.length} 单`), rows);
	}
}

function done_row({ checked_in_at, items, customer, order_no }, undo) {
	const periods = items.map((item) => `${item.court} ${item_time(item)}`);
	return el("li", el("span.at", checked_in_at.slice(11, 16)),
		el("span", periods.join("；")), el("span.who", customer || "顾客"),
		el("span.no", order_no), undo);
}
