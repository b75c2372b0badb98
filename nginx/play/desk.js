// The staff's half: sign in, take a code from keyboard, scanner gun or camera, show the result.

import { ApiError, Client } from "./api.js";
import { code_clean, period } from "./format.js";
import { code_watch } from "./handover.js";
import { camera_can_scan, camera_scan } from "./scanner.js";
import {
	busy, button, el, empty, error_detail, form, hero, icon, notice, submit_button,
} from "./ui.js";
import { simulator_known } from "./wechat.js";

const CHECKINS = "/api/v1/staff/checkins";
const DONE = "zx.desk.done";
const DONE_MOST = 100;

const client = new Client("desk");
let panel;

const done_load = () => JSON.parse(sessionStorage.getItem(DONE) ?? "[]");

function bar(title, ...right) {
	return el("header.bar", el("h2", title), el("div.account", ...right));
}

function login_show(error = null) {
	const field = (id, type, complete) => el("input", { id, name: id, type, required: true,
		autocomplete: complete, autocapitalize: "off", spellcheck: "false" });
	const username = field("username", "text", "username");
	const password = field("password", "password", "current-password");
	const trouble = el("div.trouble", error ? notice(error) : null);
	const submit = submit_button("登录", ".primary.wide");
	const work = () => login(username.value.trim(), password.value, trouble);
	panel.replaceChildren(bar("前台"), el("div.screen.center",
		hero("scan", "前台核销", "扫码或输入入场码，只认本馆的订单"),
		form("form", () => busy(submit, work),
			el("label", { for: "username" }, "用户名"), username,
			el("label", { for: "password" }, "密码"), password,
			submit, demo_accounts(), trouble)));
}

/** Keeps its place, and speaks up on a demo stack only. */
function demo_accounts() {
	const hint = el("p.hint.pending", "演示账号：desk1（星河羽毛球馆）、",
		"desk2（江畔体育中心），密码由 make run 打印。");
	simulator_known().then((is_demo) => hint.classList.toggle("pending", !is_demo));
	return hint;
}

async function login(username, password, trouble) {
	trouble.replaceChildren();
	try {
		await client.sign_in({ grant_type: "password", username, password });
		sessionStorage.removeItem(DONE);
		await desk_show();
	} catch (error) {
		trouble.replaceChildren(notice(error));
	}
}

function logout() {
	client.sign_out();
	login_show();
}

async function desk_show() {
	panel.replaceChildren(bar("前台"), el("div.screen", { "aria-busy": "true" }));
	try {
		const me = await client.get("/api/v1/staff/me");
		new Desk(me).show();
	} catch (error) {
		if (client.is_signed_in)
			panel.replaceChildren(bar("前台", sign_out_button("")),
				el("div.screen", notice(error, desk_show)));
	}
}

const sign_out_button = (name) => el("button.text-button",
	{ type: "button", onclick: logout }, el("span.account-name", name), "退出");

/** The signed-in desk. */
class Desk {
	#me;
	#code = el("input", { id: "code", name: "code", autocomplete: "off",
		autocapitalize: "off", spellcheck: "false", enterkeyhint: "done",
		placeholder: "输入 10 位数字，或用扫码枪" });
	#submit = submit_button("核销", ".primary");
	#ways = el("div.ways");
	#result = el("div.result-area", { "aria-live": "assertive" });
	#list = el("div.done-area");

	constructor(me) {
		this.#me = me;
	}

	show() {
		const venues = this.#me.venues.map(({ name }) => name).join("、");
		const take = form("scan-form", () => this.#take(this.#code.value),
			el("label", { for: "code" }, "入场码"),
			el("div.scan-row", this.#code, this.#submit), this.#ways);
		panel.replaceChildren(
			bar(venues || "未分配球馆", sign_out_button(this.#me.name)),
			el("div.screen.desk-screen", take, this.#result, this.#list));
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
		return beside;
	}

	async #camera() {
		try {
			const text = await camera_scan(panel);
			if (text)
				await this.#take(text);
		} catch {
			this.#refused(new ApiError("camera_unavailable",
				"打不开摄像头，请检查浏览器权限，或改用输入"));
		}
	}

	async #take(text) {
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
		const { order_no, customer, items } = checkin;
		const periods = items.map((item) =>
			el("li", el("strong", item.court), el("span", item_time(item))));
		this.#code.value = "";
		this.#result.replaceChildren(el("div.result.good", { "data-result": "good" },
			el("span.result-mark", icon("check")),
			el("div.result-text", el("h3", "核销成功，请入场"),
				el("ul.result-items", ...periods),
				el("p", `${customer || "顾客"} · 订单 ${order_no}`))));
		const done = [checkin, ...done_load()].slice(0, DONE_MOST);
		sessionStorage.setItem(DONE, JSON.stringify(done));
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

	#list_show() {
		const done = done_load();
		const rows = done.length > 0 ? el("ul.done-list", ...done.map(done_row)) :
			empty("还没有核销记录", "核销成功的订单会列在这里。");
		this.#list.replaceChildren(el("h3", `本次登录已核销 ${done.length} 单`), rows);
	}
}

function done_row({ checked_in_at, items, customer, order_no }) {
	const periods = items.map((item) => `${item.court} ${item_time(item)}`);
	return el("li", el("span.at", checked_in_at.slice(11, 16)),
		el("span", periods.join("；")), el("span.who", customer || "顾客"),
		el("span.no", order_no));
}

const item_time = ({ start, end }) => period(start, end, start.slice(0, 10));

export function desk_start(node) {
	panel = node;
	client.on_signed_out = login_show;
	if (client.is_signed_in)
		desk_show();
	else
		login_show();
}
