// Whether a request to WeChat Pay is what its merchant signs (page 4012365342).

import { Formatter, Rsa } from "./parties.js";

const CLOCK_LIMIT_S = 300;
const SCHEME = "WECHATPAY2-SHA256-RSA2048 ";
const NAMES = ["mchid", "nonce_str", "serial_no", "signature", "timestamp"];
const FIELDS = /^[a-z_]+="[^"]*"(,[a-z_]+="[^"]*"){4}$/;

/** The five fields, each once, in any order; null for anything else. */
function authorization_read(header) {
	if (!header?.startsWith(SCHEME) || !FIELDS.test(header.slice(SCHEME.length)))
		return null;
	const pairs = [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) =>
		[name, value]);
	const names = pairs.map(([name]) => name).sort();
	return names.join() === NAMES.join() ? Object.fromEntries(pairs) : null;
}

const is_base64 = (text) => Buffer.from(text, "base64").toString("base64") === text;

/** What is wrong with the other headers. */
function headers_trouble({ headers }, body) {
	if (!headers.accept?.includes("application/json"))
		return "it accepts no JSON";
	if (!headers["user-agent"])
		return "it has no user agent";
	if (body && headers["content-type"] !== "application/json")
		return `its content is ${headers["content-type"]}`;
	return "";
}

export class Judge {
	#parties;
	#nonces = new Set();

	constructor(parties) {
		this.#parties = parties;
	}

	/** Why this request is refused; empty for one that the merchant has signed just now. */
	trouble(request, body) {
		const { mchid, merchant } = this.#parties;
		const told = authorization_read(request.headers.authorization);
		if (!told)
			return "no Authorization of five fields";
		if (told.mchid !== mchid)
			return `mchid ${told.mchid} is not ours`;
		if (told.serial_no !== merchant.serial)
			return `serial ${told.serial_no} is not the merchant certificate's`;
		return this.#freshness_trouble(told) || this.#signature_trouble(request, told, body) ||
			headers_trouble(request, body);
	}

	#freshness_trouble({ timestamp, nonce_str }) {
		const is_fresh = /^[0-9]{10}$/.test(timestamp) &&
			Math.abs(Formatter.timestamp() - timestamp) <= CLOCK_LIMIT_S;
		if (!is_fresh)
			return `timestamp ${timestamp} is not of these minutes`;
		if (!/^[0-9A-Za-z]{16,32}$/.test(nonce_str))
			return "the nonce is not 16 to 32 letters and digits";
		if (this.#nonces.has(nonce_str))
			return "the nonce was there before";
		this.#nonces.add(nonce_str);
		return "";
	}

	#signature_trouble({ method, url }, { timestamp, nonce_str, signature }, body) {
		const text = Formatter.request(method, url, timestamp, nonce_str, body);
		const fits = is_base64(signature) &&
			Rsa.verify(text, signature, this.#parties.merchant.public_key);
		return fits ? "" : "the signature does not fit";
	}

	/** What wx.requestPayment is given (page 4012365339): all texts, and signed with our appid. */
	pay_params_fit(params) {
		const { timeStamp, nonceStr, package: ticket, signType, paySign } = params;
		const is_whole = Object.keys(params).length === 5 && signType === "RSA" &&
			Object.values(params).every((value) => typeof value === "string") &&
			/^[0-9]{10}$/.test(timeStamp) && nonceStr.length <= 32 && is_base64(paySign);
		const text = Formatter.joinedByLineFeed(this.#parties.appid, timeStamp, nonceStr, ticket);
		return is_whole && Rsa.verify(text, paySign, this.#parties.merchant.public_key);
	}
}
