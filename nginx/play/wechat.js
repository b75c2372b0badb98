// The part of WeChat that a phone plays: wx.login and wx.requestPayment. Here they go to the
// simulator's control interface, whose address the stack writes into config.json.

import { ApiError, fetch_or_explain } from "./api.js";

let base = null;

async function simulator() {
	if (base)
		return base;
	const response = await fetch_or_explain("config.json", { cache: "no-store" },
		"读不到 config.json，请检查网络后重试");
	const config = response.ok ? await response.json().catch(() => null) : null;
	if (!config?.simulator)
		throw new ApiError("simulator_not_configured",
			"没有找到微信模拟器的地址（config.json）。" +
			"请用 make run 启动体验环境后再打开本页。");
	base = config.simulator.replace(/\/+$/, "");
	return base;
}

/** Whether this is a demo stack at all; never throws. */
export const simulator_known = () => simulator().then(() => true, () => false);

/** A simulator at an address of its own brings a certificate of its own. */
function unreachable(url) {
	return !url.includes("://") ? "连不上微信模拟器，请确认它已启动" :
		`连不上微信模拟器（${url}）。请确认它已启动；若浏览器不信任它的证书，` +
		"请先在新标签页打开该地址并接受，再回来重试。";
}

async function ask(path, body) {
	const url = await simulator();
	const response = await fetch_or_explain(url + path, {
		method: "POST", body: JSON.stringify(body),
		headers: { "Content-Type": "application/json" },
	}, unreachable(url));
	if (response.ok)
		return response.json();
	const { error } = await response.json().catch(() => ({}));
	if (response.status >= 500)
		throw new ApiError("simulator_down", unreachable(url), response);
	const reason = error?.message ?? error ?? response.status;
	throw new ApiError("simulator_refused", `微信模拟器拒绝了请求：${reason}`, response);
}

/** What wx.login gives: a code for one sign-in. A nickname is one WeChat user. */
export async function login_code(nickname) {
	const { user } = await ask("/sim/users", { nickname });
	return (await ask("/sim/login-code", { user })).code;
}

/** What wx.requestPayment does once the customer has typed his password. */
export async function request_payment(pay_params) {
	const { result, errMsg } = await ask("/sim/pay", pay_params);
	if (result !== "ok")
		throw new ApiError("payment_failed",
			`微信没有完成支付：${errMsg.replace(/^requestPayment:fail ?/, "")}`);
}
