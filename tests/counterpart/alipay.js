// Plays Alipay's gateway: requests, answers and notifies are judged by Alipay's own SDK.

import { createPublicKey, createSign, randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { AlipaySdk } from "alipay-sdk";

const CLOCK_LIMIT_MS = 15 * 60e3;
const FIXED = { format: "JSON", charset: "utf-8", sign_type: "RSA2", version: "1.0" };
const NAMES = new Set([...Object.keys(FIXED), "app_id", "method", "timestamp", "notify_url",
	"biz_content", "sign"]);

const digits = (count) => Array.from({ length: count }, () => randomInt(10)).join("");
const beijing = (ms = Date.now()) =>
	new Date(ms + 8 * 3600e3).toISOString().slice(0, 19).replace("T", " ");
const moment_ms = (text) => Date.parse(`${text.replace(" ", "T")}+08:00`);
const fen_of = (yuan) => /^[0-9]{1,9}\.[0-9]{2}$/.test(yuan) ? Math.round(yuan * 100) : NaN;
const yuan_of = (fen) => (fen / 100).toFixed(2);

/** What is signed of a notify, and of a request too but for sign_type. */
const sorted_text = (params, ...without) => Object.keys(params).sort()
	.filter((name) => params[name] !== "" && !without.includes(name))
	.map((name) => `${name}=${params[name]}`).join("&");

/** A "Business Failed", whose sub_code says why. */
class Failure extends Error {}

export class Alipay {
	#told;
	#key;
	#merchants_view; /* takes for Alipay's what Alipay has signed */
	#alipays_view;   /* takes for Alipay's what the app has signed */
	#trades = new Map();
	#last = new Map();

	constructor({ alipay_appid, alipay_seller_id, alipay_app_key_file, alipay_key_file }) {
		this.#told = { appid: alipay_appid, seller_id: alipay_seller_id };
		this.#key = readFileSync(alipay_key_file, "utf8");
		const view = (alipayPublicKey) => new AlipaySdk({ appId: alipay_appid,
			privateKey: this.#key, keyType: "PKCS8", alipayPublicKey });
		const own = createPublicKey(this.#key).export({ type: "spki", format: "pem" });
		this.#merchants_view = view(own);
		this.#alipays_view = view(readFileSync(alipay_app_key_file, "utf8"));
	}

	/** {method, trouble, status, text}: the text is signed, whatever it says. */
	answer(target, raw) {
		const pairs = [...new URL(target, "https://localhost").searchParams,
			...new URLSearchParams(raw)];
		const params = Object.fromEntries(pairs), { method } = params;
		const trouble = pairs.length > Object.keys(params).length ? "a name is there twice" :
			this.#trouble(params);
		const told = (status, why, part) => ({ method, trouble: why, status,
			text: this.#envelope(method, part) });
		if (trouble)
			return told(401, trouble, { code: "40002", msg: "Invalid Arguments",
				sub_code: "isv.invalid-signature" });
		try {
			return told(200, "", { code: "10000", msg: "Success", ...this.#work(params) });
		} catch (error) {
			if (!(error instanceof Failure))
				throw error;
			const { message: sub_code } = error;
			return told(sub_code === "ACQ.TRADE_NOT_EXIST" ? 404 : 400, sub_code,
				{ code: "40004", msg: "Business Failed", sub_code });
		}
	}

	#trouble(params) {
		const { sign, ...rest } = params;
		const odd = Object.keys(params).find((name) => !NAMES.has(name)) ??
			Object.keys(FIXED).find((name) => params[name] !== FIXED[name]);
		if (odd)
			return `${odd} is ${params[odd]}`;
		if (params.app_id !== this.#told.appid)
			return `app_id ${params.app_id} is not ours`;
		const age_ms = Date.now() - moment_ms(params.timestamp ?? "");
		if (!(Math.abs(age_ms) < CLOCK_LIMIT_MS))
			return `timestamp ${params.timestamp} is not of these minutes`;
		const fits = sign && this.#alipays_view.notifyRSACheck(rest, sign, "RSA2", true);
		return fits ? "" : "the signature does not fit";
	}

	/** The answer as the SDK would take it: signed over the very bytes of its part. */
	#envelope(method = "error", part) {
		const name = `${method.replaceAll(".", "_")}_response`, text = JSON.stringify(part);
		const sign = this.#signature(text);
		const whole = `{"${name}":${text},"sign":"${sign}"}`;
		this.#merchants_view.checkResponseSign(whole, name, sign, "");
		return whole;
	}

	#signature(text) {
		return createSign("RSA-SHA256").update(text, "utf8").sign(this.#key, "base64");
	}

	#work({ method, biz_content, notify_url }) {
		const biz = JSON.parse(biz_content), work = METHODS[method];
		const lacking = work?.wants.find((name) => typeof biz[name] !== "string" || !biz[name]);
		if (!work || lacking)
			throw new Failure(`isv.missing-${lacking ?? "method"}`);
		const extra = Object.keys(biz).find((name) =>
			!work.wants.includes(name) && !work.takes.includes(name));
		if (extra)
			throw new Failure(`isv.unknown-${extra}`);
		return work.run(this, biz, notify_url);
	}

	/** Begun by a code to scan (no trade until somebody does), or for a buyer. */
	begin(biz, notify_url, is_code) {
		const fen = fen_of(biz.total_amount), old = this.#trades.get(biz.out_trade_no);
		const asked = JSON.stringify(biz);
		if (!(fen >= 1) || !(moment_ms(biz.time_expire) > Date.now()) || !notify_url)
			throw new Failure("ACQ.INVALID_PARAMETER");
		if (old && old.asked !== asked)
			throw new Failure("ACQ.CONTEXT_INCONSISTENT");
		const trade = old ?? { asked, fen, notify_url, number: biz.out_trade_no, back: new Map(),
			buyer: biz.buyer_open_id ?? "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5",
			state: is_code ? "" : "WAIT_BUYER_PAY", trade_no: is_code ? "" : digits(28) };
		this.#trades.set(trade.number, trade);
		return is_code ?
			{ out_trade_no: trade.number, qr_code: `https://qr.alipay.com/${digits(16)}` } :
			{ out_trade_no: trade.number, trade_no: trade.trade_no };
	}

	#trade(number) {
		const trade = this.#trades.get(number);
		if (!trade?.state)
			throw new Failure("ACQ.TRADE_NOT_EXIST");
		return trade;
	}

	query(number) {
		const { trade_no, state, fen, buyer, paid_at } = this.#trade(number);
		return { out_trade_no: number, trade_no, trade_status: state, buyer_open_id: buyer,
			total_amount: yuan_of(fen), ...paid_at && {
				send_pay_date: paid_at, buyer_pay_amount: yuan_of(fen) } };
	}

	close(number) {
		const trade = this.#trade(number);
		if (trade.state !== "WAIT_BUYER_PAY")
			throw new Failure("ACQ.TRADE_STATUS_ERROR");
		trade.state = "TRADE_CLOSED";
		return { out_trade_no: number, trade_no: trade.trade_no };
	}

	refund({ out_trade_no, out_request_no, refund_amount }) {
		const trade = this.#trade(out_trade_no), fen = fen_of(refund_amount);
		const is_new = !trade.back.has(out_request_no);
		const given = [...trade.back.values()].reduce((sum, each) => sum + each.fen, 0);
		if (!trade.paid_at)
			throw new Failure("ACQ.TRADE_STATUS_ERROR");
		if (!(fen >= 1) || (is_new && given + fen > trade.fen))
			throw new Failure("ACQ.REASON_TRADE_REFUND_FEE_ERR");
		if (is_new)
			trade.back.set(out_request_no, { fen, at: beijing() });
		const sum = is_new ? given + fen : given;
		trade.state = sum === trade.fen ? "TRADE_CLOSED" : trade.state;
		return { out_trade_no, trade_no: trade.trade_no, fund_change: is_new ? "Y" : "N",
			refund_fee: yuan_of(sum) };
	}

	refund_shown({ out_trade_no, out_request_no }) {
		const trade = this.#trade(out_trade_no), refund = trade.back.get(out_request_no);
		return refund ? { out_trade_no, out_request_no, trade_no: trade.trade_no,
			refund_amount: yuan_of(refund.fen), total_amount: yuan_of(trade.fen),
			refund_status: "REFUND_SUCCESS", gmt_refund_pay: refund.at } : {};
	}

	/** A buyer pays, or scans the code and pays. */
	pay(number) {
		const trade = this.#trades.get(number);
		Object.assign(trade, { state: "TRADE_SUCCESS", paid_at: beijing(),
			trade_no: trade.trade_no || digits(28), notify_id: randomUUID().replaceAll("-", "") });
		return this.query(number);
	}

	/** A letter about a trade: {url, body, headers}. */
	letter(number, way) {
		if (way === "again")
			return this.#last.get(number);
		const { notify_url, ...trade } = this.#trades.get(number);
		const good = { notify_time: beijing(), notify_type: "trade_status_sync",
			notify_id: trade.notify_id, charset: "utf-8", version: "1.0", sign_type: "RSA2",
			app_id: this.#told.appid, auth_app_id: this.#told.appid,
			seller_id: this.#told.seller_id, out_trade_no: number, trade_no: trade.trade_no,
			trade_status: trade.state, total_amount: yuan_of(trade.fen), subject: "50% 优惠 + 场地",
			buyer_pay_amount: yuan_of(trade.fen), buyer_open_id: trade.buyer,
			gmt_create: trade.paid_at, gmt_payment: trade.paid_at,
			fund_bill_list: `[{"amount":"${yuan_of(trade.fen)}","fundChannel":"ALIPAYACCOUNT"}]`,
			...WAYS[way].says };
		good.sign = this.#signature(sorted_text(good, "sign_type"));
		if (!this.#merchants_view.checkNotifySignV2(good))
			throw new Error("the SDK would not take this letter");
		const spoil = WAYS[way].spoil ?? ((text) => text);
		const letter = { url: notify_url, body: spoil(new URLSearchParams(good).toString()),
			headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" } };
		this.#last.set(number, letter);
		return letter;
	}
}

const number = ({ out_trade_no }) => out_trade_no;
const METHODS = {
	"alipay.trade.precreate": {
		wants: ["out_trade_no", "total_amount", "subject", "time_expire"], takes: [],
		run: (alipay, biz, url) => alipay.begin(biz, url, true),
	},
	"alipay.trade.create": {
		wants: ["out_trade_no", "total_amount", "subject", "time_expire", "product_code",
			"op_app_id", "buyer_open_id"], takes: [],
		run: (alipay, biz, url) => alipay.begin(biz, url, false),
	},
	"alipay.trade.query": { wants: ["out_trade_no"], takes: ["query_options"],
		run: (alipay, biz) => alipay.query(number(biz)) },
	"alipay.trade.close": { wants: ["out_trade_no"], takes: [],
		run: (alipay, biz) => alipay.close(number(biz)) },
	"alipay.trade.refund": { wants: ["out_trade_no", "refund_amount", "out_request_no"],
		takes: ["refund_reason"], run: (alipay, biz) => alipay.refund(biz) },
	"alipay.trade.fastpay.refund.query": { wants: ["out_trade_no", "out_request_no"],
		takes: ["query_options"], run: (alipay, biz) => alipay.refund_shown(biz) },
};

const replaced = (from, to) => ({ spoil: (text) => text.replace(from, to) });
/** What is otherwise about a letter: what it `says`, signed; or how it is spoiled after that. */
const WAYS = {
	good: {},
	eight_days_old: { says: { notify_time: beijing(Date.now() - 8 * 86400e3) } },
	tampered: replaced("TRADE_SUCCESS", "TRADE_FINISHED"),
	bad_signature: replaced(/sign=(...)/, "sign=AAA"),
	no_signature: replaced(/&sign=[^&]*/, ""),
	another_kind_of_signature: replaced("sign_type=RSA2", "sign_type=RSA"),
	one_name_twice: replaced(/$/, "&total_amount=0.01"),
	not_a_form: replaced(/^.*$/, '{"trade_status":"TRADE_SUCCESS"}'),
};
