// The payments and refunds that WeChat Pay has on its books, and its routes of APIv3: what it
// answers to a request that the merchant has signed.

import { randomInt, randomUUID } from "node:crypto";

import { sealed } from "./parties.js";

export class Refusal extends Error {
	constructor(status, code, message) {
		super(message);
		Object.assign(this, { status, code });
	}
}

const wrong = (message) => new Refusal(400, "PARAM_ERROR", message);
const digits = (count) => Array.from({ length: count }, () => randomInt(10)).join("");
const beijing = (date = new Date()) =>
	`${new Date(date.getTime() + 8 * 3600e3).toISOString().slice(0, 19)}+08:00`;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/;
const text = (most, pattern = /^/) => (value) => typeof value === "string" && value !== "" &&
	Buffer.byteLength(value) <= most && pattern.test(value);
const fen = (value) => Number.isSafeInteger(value) && value >= 1;
const url = text(255, /^https:\/\/[^?#]+\/[^?#]+$/);
const part = (fields) => (value) => fields_fit(fields, value);
const maybe = (rule) => Object.assign((value) => rule(value), { is_optional: true });

/** Exactly these members, and each as it has to be: WeChat Pay refuses unknown ones too. */
function fields_fit(fields, body) {
	return body !== null && typeof body === "object" && !Array.isArray(body) &&
		Object.keys(body).every((name) => name in fields) &&
		Object.entries(fields).every(([name, rule]) =>
			name in body ? rule(body[name]) : rule.is_optional);
}

/* Pages 4012791877 and 4012791856, 4012791860, 4013071036. */
const out_trade_no = text(32, /^[0-9A-Za-z_\-|*]{6,}$/);
const NATIVE = {
	appid: text(32), mchid: text(32), description: text(127), out_trade_no, notify_url: url,
	time_expire: maybe(text(64, TIME)), attach: maybe(text(128)),
	amount: part({ total: fen, currency: maybe((value) => value === "CNY") }),
};
const JSAPI = { ...NATIVE, payer: part({ openid: text(128) }) };
const CLOSE = { mchid: text(32) };
const REFUND = {
	out_trade_no, out_refund_no: text(64, /^[0-9A-Za-z_\-|*@]+$/), notify_url: url,
	reason: maybe(text(80)),
	amount: part({ refund: fen, total: fen, currency: (value) => value === "CNY" }),
};

function body_read(raw, fields) {
	let body;
	try {
		body = JSON.parse(raw);
	} catch {
		throw wrong("请求体不是合法的 JSON");
	}
	if (!fields_fit(fields, body))
		throw wrong(`字段不符合要求：${raw}`);
	return body;
}

export class Books {
	#parties;
	#orders = new Map();
	#refunds = new Map();

	constructor(parties) {
		this.#parties = parties;
	}

	/** {status, body} for a route; Refusal otherwise. */
	answer(method, target, raw) {
		const { pathname, searchParams } = new URL(target, "https://localhost");
		for (const [verb, pattern, work] of ROUTES) {
			const match = verb === method && pattern.exec(pathname);
			if (match)
				return work(this, raw, decodeURIComponent(match[1] ?? ""), searchParams);
		}
		throw new Refusal(404, "RESOURCE_NOT_EXISTS", "没有这个接口");
	}

	order(number) {
		const order = this.#orders.get(number);
		if (!order)
			throw new Refusal(404, "ORDER_NOT_EXIST", "订单不存在");
		return order;
	}

	refund(number) {
		const refund = this.#refunds.get(number);
		if (!refund)
			throw new Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在");
		return refund;
	}

	/** What a notify can be about. */
	record(number) {
		return this.#refunds.get(number) ?? this.order(number);
	}

	check_mchid(mchid) {
		if (mchid !== this.#parties.mchid)
			throw wrong("http header中的mchid与post payload中的mchid不匹配");
	}

	prepay(product, raw) {
		const body = body_read(raw, product === "JSAPI" ? JSAPI : NATIVE);
		this.check_mchid(body.mchid);
		if (body.appid !== this.#parties.appid)
			throw new Refusal(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配");
		const known = this.#orders.get(body.out_trade_no);
		if (known && (known.raw !== raw || known.product !== product))
			throw new Refusal(403, "OUT_TRADE_NO_USED", "商户订单号重复");
		const order = known ?? { raw, product, asked: body, state: "NOTPAY" };
		this.#orders.set(body.out_trade_no, order);
		order.ticket = product === "JSAPI" ? { prepay_id: `wx${digits(34)}` } :
			{ code_url: `weixin://wxpay/bizpayurl?pr=${digits(9)}` };
		return { status: 200, body: order.ticket };
	}

	/** The customer's tap, or somebody's scan. */
	pay(number, openid = "oScanner") {
		const order = this.order(number);
		if (order.state !== "NOTPAY")
			throw new Refusal(400, "INVALID_REQUEST", `订单状态 ${order.state}`);
		Object.assign(order, { state: "SUCCESS", transaction_id: `4200${digits(24)}`,
			payer: order.asked.payer ?? { openid }, success_time: beijing() });
		return this.transaction(order);
	}

	transaction({ asked, product, state, transaction_id, payer, success_time }) {
		const { appid, mchid, out_trade_no, amount: { total } } = asked;
		const shown = { appid, mchid, out_trade_no, trade_state: state,
			trade_state_desc: state, attach: "", amount: { total, currency: "CNY" } };
		return !transaction_id ? shown : { ...shown, transaction_id, success_time, payer,
			trade_type: product, bank_type: "OTHERS",
			amount: { total, payer_total: total, currency: "CNY", payer_currency: "CNY" } };
	}

	query(number, query) {
		this.check_mchid(query.get("mchid"));
		return { status: 200, body: this.transaction(this.order(number)) };
	}

	close(number, raw) {
		this.check_mchid(body_read(raw, CLOSE).mchid);
		const order = this.order(number);
		if (order.transaction_id)
			throw new Refusal(400, "ORDERPAID", "订单已支付，禁止关单");
		order.state = "CLOSED";
		return { status: 204, body: null };
	}

	take_refund(raw) {
		const body = body_read(raw, REFUND), number = body.out_refund_no;
		const order = this.order(body.out_trade_no);
		const known = this.#refunds.get(number);
		const given = [...this.#refunds.values()]
			.filter((refund) => refund.order === order && refund.state !== "CLOSED")
			.reduce((sum, refund) => sum + refund.asked.amount.refund, 0);
		if (known && known.raw !== raw)
			throw new Refusal(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致");
		if (!known && (!order.transaction_id || body.amount.total !== order.asked.amount.total ||
				given + body.amount.refund > order.asked.amount.total))
			throw new Refusal(400, "INVALID_REQUEST", "订单未支付，或者金额不符");
		const refund = known ?? { raw, order, asked: body, state: "PROCESSING",
			refund_id: `50300${digits(24)}`, create_time: beijing() };
		order.state = "REFUND";
		this.#refunds.set(number, refund);
		return { status: 200, body: this.refund_shown(refund) };
	}

	/** The bank's last word: SUCCESS, CLOSED or ABNORMAL. */
	end_refund(number, state) {
		const refund = this.refund(number);
		Object.assign(refund, { state }, state === "SUCCESS" && { success_time: beijing() });
		return this.refund_shown(refund);
	}

	refund_shown({ asked, order, refund_id, state, create_time, success_time }) {
		const { out_trade_no, out_refund_no, amount: { refund, total } } = asked;
		return { refund_id, out_refund_no, out_trade_no, transaction_id: order.transaction_id,
			channel: "ORIGINAL", user_received_account: "支付用户零钱", create_time,
			...success_time && { success_time }, status: state, funds_account: "AVAILABLE",
			amount: { total, refund, payer_total: total, payer_refund: refund,
				settlement_total: total, settlement_refund: refund, discount_refund: 0,
				currency: "CNY", from: [] } };
	}

	certificates() {
		const { platform, apiv3 } = this.#parties;
		const entry = { serial_no: platform.serial, effective_time: beijing(platform.since),
			expire_time: beijing(platform.until),
			encrypt_certificate: sealed(apiv3, platform.pem, "certificate") };
		return { status: 200, body: { data: [entry] } };
	}

	/** A notify's event and the text inside it (pages 4012791861 and 4013071196). */
	event(number) {
		const record = this.record(number);
		if (!record.refund_id)
			return { type: "TRANSACTION.SUCCESS", kind: "transaction", summary: "支付成功",
				url: record.asked.notify_url,
				inside: { ...this.transaction(record), trade_state: "SUCCESS" } };
		const { status, amount, ...shown } = this.refund_shown(record);
		const { total, refund, payer_total, payer_refund } = amount;
		for (const name of ["channel", "funds_account", "create_time"])
			delete shown[name];
		return { type: `REFUND.${status}`, kind: "refund", summary: "退款通知",
			url: record.asked.notify_url,
			inside: { mchid: this.#parties.mchid, ...shown, refund_status: status,
				amount: { total, refund, payer_total, payer_refund } } };
	}
}

const ROUTES = [
	["POST", /^\/v3\/pay\/transactions\/jsapi$/, (books, raw) => books.prepay("JSAPI", raw)],
	["POST", /^\/v3\/pay\/transactions\/native$/, (books, raw) => books.prepay("NATIVE", raw)],
	["GET", /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
		(books, raw, number, query) => books.query(number, query)],
	["POST", /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
		(books, raw, number) => books.close(number, raw)],
	["POST", /^\/v3\/refund\/domestic\/refunds$/, (books, raw) => books.take_refund(raw)],
	["GET", /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
		(books, raw, number) => ({ status: 200, body: books.refund_shown(books.refund(number)) })],
	["GET", /^\/v3\/certificates$/, (books) => books.certificates()],
];

/** The id of one notify, the same over all its deliveries. */
export const notify_id = () => `EV-${randomUUID().replaceAll("-", "")}`;
