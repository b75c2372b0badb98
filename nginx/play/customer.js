// The customer's half: a frame with title, screen, action dock and three tabs; the address
// after "#" names the screen, so that the browser's back button works.

import { ApiError, Client } from "./api.js";
import { venue_screen, venues_screen } from "./book.js";
import { inbox_screen, unread_watch } from "./inbox.js";
import { order_screen } from "./order.js";
import { orders_screen } from "./orders.js";
import { busy, el, explain, form, hero, icon, notice, submit_button } from "./ui.js";
import { login_code } from "./wallets.js";

const NICKNAME = "zx.wechat.nickname";

const SCREENS = {
	login: { show: login_screen, title: "登录" },
	venues: { show: venues_screen, title: "选择球馆", tab: "venues" },
	venue: { show: venue_screen, title: "订场", tab: "venues", back: "venues" },
	orders: { show: orders_screen, title: "我的订单", tab: "orders", private: true },
	order: {
		show: order_screen, title: "订单", tab: "orders", back: "orders", private: true,
	},
	inbox: { show: inbox_screen, title: "消息", tab: "inbox", private: true },
};

const client = new Client("customer");
let frame;
let unread_anew;
let leave = new AbortController();
let last_place = "venues"; /* where signing in leads back to */
let farewell = null;       /* why the session ended, for the login screen to tell */

const go = (place) => { location.hash = place; };

function frame_build(panel) {
	const title = el("h2", { tabindex: "-1" });
	const back = el("a.icon-button", { "aria-label": "返回" }, icon("back"));
	const account = el("div.account");
	const screen = el("div.screen");
	const dock = el("div.dock", { hidden: true });
	const unread = el("span.count", { role: "status", hidden: true });
	const tabs = el("nav.tabs", { "aria-label": "顾客" },
		el("a", { href: "#venues" }, icon("court"), "订场"),
		el("a", { href: "#orders" }, icon("list"), "我的订单"),
		el("a", { href: "#inbox" }, icon("bell"), "消息", unread));
	panel.append(el("header.bar", back, title, account), screen, dock, tabs);
	return { panel, title, back, account, screen, dock, tabs, unread };
}

function account_show() {
	const name = sessionStorage.getItem(NICKNAME) ?? "我";
	frame.account.replaceChildren(client.is_signed_in ?
		el("button.text-button", { type: "button", onclick: sign_out },
			el("span.account-name", name), "退出") :
		el("a.text-button", { href: "#login" }, "登录"));
}

function sign_out() {
	client.leave();
	unread_anew();
	last_place = "venues";
	go("login");
}

/** Shows the screen that the address names; the one before is told to stop by its signal. */
function route() {
	leave.abort();
	leave = new AbortController();
	const [place, id] = location.hash.slice(1).split("-");
	const start = client.is_signed_in ? "venues" : "login";
	let name = Object.hasOwn(SCREENS, place) ? place : start;
	if (name !== "login")
		last_place = location.hash.slice(1) || name;
	if (SCREENS[name].private && !client.is_signed_in)
		name = "login";
	const { show, title, tab, back } = SCREENS[name];
	frame_reset(title, tab, back);
	account_show();
	show({ client, id: Number(id), go, signal: leave.signal, ...frame });
}

function frame_reset(title, tab, back) {
	frame.panel.querySelector(".sheet")?.remove();
	[...frame.panel.children].forEach((node) => node.inert = false);
	frame.title.textContent = title;
	frame.back.hidden = !back;
	frame.back.setAttribute("href", `#${back ?? ""}`);
	frame.screen.replaceChildren();
	frame.screen.className = "screen";
	frame.screen.scrollTo(0, 0);
	frame.dock.replaceChildren();
	frame.dock.hidden = true;
	frame.account.hidden = tab === undefined;
	frame.tabs.hidden = tab === undefined;
	for (const link of frame.tabs.children) {
		if (link.getAttribute("href") === `#${tab}`)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
	}
}

function nickname_default() {
	const number = 1000 + Math.floor(Math.random() * 9000);
	return sessionStorage.getItem(NICKNAME) ?? `球友${number}`;
}

function login_screen({ screen, signal }) {
	const nickname = el("input", { id: "nickname", name: "nickname", required: true,
		maxlength: "20", autocomplete: "off", value: nickname_default() });
	const trouble = el("div.trouble", farewell ? notice(farewell) : null);
	farewell = null;
	const submit = submit_button("微信登录", ".primary.wide");
	const work = () => login(nickname.value.trim(), trouble, signal);
	screen.classList.add("center");
	screen.append(hero("court", "订一块场地", "选时段、付款、凭码入场"),
		form("form", () => busy(submit, work),
			el("label", { for: "nickname" }, "微信昵称"), nickname,
			el("p.hint", "由模拟器生成的微信用户；同一昵称就是同一个人。"),
			submit, trouble),
		el("a.text-button", { href: "#venues" }, "不登录，先看场地"));
}

async function login(nickname, trouble, signal) {
	trouble.replaceChildren();
	if (nickname === "")
		return explain(trouble, new ApiError("", "请填写昵称"));
	try {
		const code = await login_code(nickname);
		await client.sign_in({ grant_type: "urn:zhixing:wechat-code", code });
		unread_anew();
		sessionStorage.setItem(NICKNAME, nickname);
		if (signal.aborted)
			return account_show();
		enter();
	} catch (error) {
		explain(trouble, error);
	}
}

/** Back to where signing in was asked for; a private place may show it under its own name. */
function enter() {
	if (location.hash === `#${last_place}`)
		route();
	else
		go(last_place);
}

/** The token is no longer good: say so, and come back to the same place after signing in. */
function signed_out(error) {
	farewell = error;
	unread_anew();
	go("login");
}

export function customer_start(panel) {
	frame = frame_build(panel);
	unread_anew = unread_watch(client, frame.unread);
	client.on_signed_out = signed_out;
	addEventListener("hashchange", () => {
		route();
		if (!panel.hidden && !document.activeElement?.closest("#desk"))
			frame.title.focus({ preventScroll: true });
	});
	route();
}
