// The staff's half: sign in, and a frame with title, tabs and one view at a time. A view is a
// function of the place it is shown in; what somebody may not do has no tab.

import { Client } from "./api.js";
import { checkin_view, done_forget } from "./desk_checkin.js";
import { order_view } from "./desk_order.js";
import { orders_view, search_forget } from "./desk_orders.js";
import { person_view } from "./desk_person.js";
import { work_view } from "./desk_work.js";
import { simulator_known } from "./simulator.js";
import { busy, el, explain, form, hero, icon, notice, submit_button } from "./ui.js";

/** `tab`: the text and picture of its tab, and the permission that it takes. */
const VIEWS = {
	checkin: { show: checkin_view, tab: ["核销", "scan", "checkin"] },
	orders: { show: orders_view, tab: ["订单", "search", "order"] },
	work: { show: work_view, tab: ["待办", "work", "work"] },
	order: { show: order_view, title: "订单" },
	person: { show: person_view, title: "违约与封禁" },
};

const client = new Client("desk");
let panel;
let leave = new AbortController();

function bar(title, ...right) {
	return el("header.bar", el("h2", title), el("div.account", ...right));
}

function login_show(error = null) {
	leave.abort();
	const field = (id, type, complete) => el("input", { id, name: id, type, required: true,
		autocomplete: complete, autocapitalize: "off", spellcheck: "false" });
	const username = field("username", "text", "username");
	const password = field("password", "password", "current-password");
	const trouble = el("div.trouble", error ? notice(error) : null);
	const submit = submit_button("登录", ".primary.wide");
	const work = () => login(username.value.trim(), password.value, trouble);
	panel.replaceChildren(bar("前台"), el("div.screen.center",
		hero("scan", "前台", "核销、查订单、退款、处理待办，只限本馆"),
		form("form", () => busy(submit, work),
			el("label", { for: "username" }, "用户名"), username,
			el("label", { for: "password" }, "密码"), password,
			submit, demo_accounts(), trouble)));
}

/** Keeps its place, and speaks up on a demo stack only. */
function demo_accounts() {
	const hint = el("p.hint.pending", "演示账号：desk1（星河羽毛球馆）、",
		"desk2（江畔体育中心）、admin（全部球馆），密码由 make run 打印。");
	simulator_known().then((is_demo) => hint.classList.toggle("pending", !is_demo));
	return hint;
}

async function login(username, password, trouble) {
	trouble.replaceChildren();
	try {
		await client.sign_in({ grant_type: "password", username, password });
		done_forget();
		search_forget();
		await desk_show();
	} catch (error) {
		explain(trouble, error);
	}
}

function logout() {
	client.leave();
	done_forget();
	search_forget();
	login_show();
}

const sign_out_button = (name) => el("button.text-button",
	{ type: "button", onclick: logout }, el("span.account-name", name), "退出");

async function desk_show() {
	panel.replaceChildren(bar("前台"), el("div.screen", { "aria-busy": "true" }));
	try {
		const me = await client.get("/api/v1/staff/me");
		new Desk(me).start();
	} catch (error) {
		if (client.is_signed_in)
			panel.replaceChildren(bar("前台", sign_out_button("")),
				el("div.screen", notice(error, desk_show)));
	}
}

/** The signed-in desk; `trail` leads back from a view to those before it. */
class Desk {
	#me;
	#trail = [];
	#title = el("h2", { tabindex: "-1" });
	#back = el("button.icon-button", { type: "button", "aria-label": "返回",
		onclick: () => this.#return() }, icon("back"));
	#screen = el("div.screen");
	#tabs = el("nav.tabs", { "aria-label": "前台" });

	constructor(me) {
		this.#me = me;
	}

	start() {
		const tabs = Object.entries(VIEWS).filter(([, { tab }]) =>
			tab && this.#may(tab[2]));
		this.#tabs.append(...tabs.map(([name, { tab: [text, picture] }]) =>
			el("button", { type: "button", "data-view": name,
				onclick: () => this.#begin(name) }, icon(picture), text)));
		const account = el("div.account", sign_out_button(this.#me.name));
		panel.replaceChildren(el("header.bar", this.#back, this.#title, account),
			this.#screen, this.#tabs);
		if (tabs.length > 0)
			this.#begin(tabs[0][0]);
	}

	#may(permission) {
		return this.#me.permissions.includes(permission);
	}

	#begin(name) {
		this.#trail = [[name]];
		this.#show();
	}

	#go(name, ...args) {
		this.#trail.push([name, ...args]);
		this.#show();
		this.#title.focus({ preventScroll: true });
	}

	#return() {
		this.#trail.pop();
		this.#show();
	}

	#show() {
		leave.abort();
		leave = new AbortController();
		const [name, ...args] = this.#trail.at(-1);
		const venues = this.#me.venues.map((venue) => venue.name).join("、");
		this.#title.textContent = VIEWS[name].title ?? (venues || "未分配球馆");
		this.#back.hidden = this.#trail.length < 2;
		const [[begun]] = this.#trail;
		for (const tab of this.#tabs.children)
			tab.ariaCurrent = tab.dataset.view === begun ? "page" : null;
		this.#screen.className = "screen desk-screen";
		this.#screen.replaceChildren();
		this.#screen.scrollTo(0, 0);
		VIEWS[name].show({ client, panel, screen: this.#screen, signal: leave.signal,
			may: (permission) => this.#may(permission),
			go: (...to) => this.#go(...to) }, ...args);
	}
}

export function desk_start(node) {
	panel = node;
	client.on_signed_out = login_show;
	if (client.is_signed_in)
		desk_show();
	else
		login_show();
}
