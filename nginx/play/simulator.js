// The simulator's control interface, whose address the stack writes into config.json. It plays
// WeChat, Alipay, the person who pays, and fate.

import { ApiError, fetch_or_explain } from "./api.js";

let base = null;

async function address() {
	if (base)
		return base;
	const response = await fetch_or_explain("config.json", { cache: "no-store" },
		"读不到 config.json，请检查网络后重试");
	const config = response.ok ? await response.json().catch(() => null) : null;
	if (!config?.simulator)
		throw new ApiError("simulator_not_configured",
			"没有找到模拟器的地址（config.json）。请用 make run 启动体验环境后再打开本页。");
	base = config.simulator.replace(/\/+$/, "");
	return base;
}

/** Whether this is a demo stack at all; never throws. */
export const simulator_known = () => address().then(() => true, () => false);

/** A simulator at an address of its own brings a certificate of its own. */
function unreachable(url) {
	return !url.includes("://") ? "连不上模拟器，请确认它已启动" :
		`连不上模拟器（${url}）。请确认它已启动；若浏览器不信任它的证书，` +
		"请先在新标签页打开该地址并接受，再回来重试。";
}

async function call(path, options) {
	const url = await address();
	const response = await fetch_or_explain(url + path, options, unreachable(url));
	if (response.ok)
		return response.json();
	const { error } = await response.json().catch(() => ({}));
	if (response.status >= 500)
		throw new ApiError("simulator_down", unreachable(url), response);
	const reason = error?.message ?? error ?? response.status;
	throw new ApiError("simulator_refused", `模拟器拒绝了请求：${reason}`, response);
}

export const simulator_get = (path) => call(path, { cache: "no-store" });

export const simulator_post = (path, body) => call(path, {
	method: "POST", body: JSON.stringify(body),
	headers: { "Content-Type": "application/json" },
});
