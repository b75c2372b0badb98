// What a phone's wallets do: wx.login, wx.requestPayment, and Alipay's scanner.

import { ApiError } from "./api.js";
import { simulator_post } from "./simulator.js";

/** What wx.login gives: a code for one sign-in. A nickname is one WeChat user. */
export async function login_code(nickname) {
	const { user } = await simulator_post("/sim/users", { nickname });
	return (await simulator_post("/sim/login-code", { user })).code;
}

async function tap_pay(wallet, what) {
	const { result, errMsg } = await simulator_post("/sim/pay", what);
	if (result !== "ok")
		throw new ApiError("payment_failed",
			`${wallet}没有完成支付：${errMsg.replace(/^requestPayment:fail ?/, "")}`);
}

/** What wx.requestPayment does once the customer has typed his password. */
export const wechat_pay = ({ pay_params }) => tap_pay("微信", pay_params);

/** Alipay's app scans the code and pays. */
export const alipay_pay = ({ code_url }) => tap_pay("支付宝", { code_url });
