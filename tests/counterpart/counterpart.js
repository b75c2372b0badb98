// Plays WeChat Pay and Alipay towards one stack, with the signatures of packages that others
// wrote:
//
//     node counterpart.js <run folder>/sim.json
//
// Prints its address when it listens, on 127.0.0.1 only, and ends with its standard input.
// Under /v3/ and /gateway.do is what the merchant's programs call; under /control/ the tests
// say what happens:
//
//     POST pay          {number, openid?}          a customer pays
//     POST refund       {number, state}            the bank's word about a refund
//     POST notify       {number, way?, signer?}    a letter to the merchant, and his answer
//     POST pay-params   the five of wx.requestPayment: do they fit?
//     POST alipay-pay   {number}                   a buyer pays
//     POST alipay-notify {number, way?}            a letter, and the merchant's answer
//     GET  requests     all so far: {method, target, status, code, trouble, sent, serial}

import { readFileSync } from "node:fs";
import { createServer } from "node:https";

import { Alipay } from "./alipay.js";
import { Books, Refusal } from "./books.js";
import { Judge } from "./judge.js";
import { Post, deliver } from "./letters.js";
import { parties_load, signature_headers } from "./parties.js";

const config = JSON.parse(readFileSync(process.argv[2]));
const parties = parties_load(config);
const alipay = new Alipay(config);
const judge = new Judge(parties);
const books = new Books(parties);
const post = new Post(parties, books);
const requests = [];

const CONTROL = {
	pay: ({ number, openid }) => books.pay(number, openid),
	refund: ({ number, state }) => books.end_refund(number, state),
	notify: (wish) => post.send(wish),
	"pay-params": (params) => ({ fit: judge.pay_params_fit(params) }),
	"alipay-pay": ({ number }) => alipay.pay(number),
	"alipay-notify": ({ number, way = "good" }) => deliver(alipay.letter(number, way), parties.ca),
	requests: () => requests,
};

async function body_of(request) {
	const pieces = [];
	for await (const piece of request)
		pieces.push(piece);
	return Buffer.concat(pieces).toString();
}

/** Refusals are not signed; 2xx is, with the key that the merchant has named (4012154180). */
function merchant_answer(request, raw) {
	const trouble = judge.trouble(request, raw);
	if (trouble)
		throw Object.assign(new Refusal(401, "SIGN_ERROR", "签名错误"), { trouble });
	const { status, body } = books.answer(request.method, request.url, raw);
	const text = body ? JSON.stringify(body) : "";
	const { pubkey, certificate } = parties.signers;
	const named = request.headers["wechatpay-serial"];
	return { status, text,
		headers: signature_headers(named === pubkey.serial ? pubkey : certificate, text) };
}

function wechat_answer(request, raw) {
	const entry = { method: request.method, target: request.url, sent: raw, trouble: "",
		serial: request.headers["wechatpay-serial"] ?? "" };
	requests.push(entry);
	try {
		const good = merchant_answer(request, raw);
		entry.status = good.status;
		return good;
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		Object.assign(entry, { status: error.status, code: error.code,
			trouble: error.trouble ?? error.message });
		return { status: error.status,
			text: JSON.stringify({ code: error.code, message: error.message }) };
	}
}

/** Alipay answers everything with 200; `status` is what HTTP would say. */
function alipay_answer(request, raw) {
	const { method, trouble, status, text } = alipay.answer(request.url, raw);
	requests.push({ method: request.method, target: method, serial: "", trouble, status,
		sent: new URLSearchParams(raw).get("biz_content") ?? "" });
	return { status: 200, text };
}

async function answer(request, raw) {
	const [, control] = /^\/control\/([a-z-]+)$/.exec(request.url) ?? [];
	if (control)
		return { status: 200, text: JSON.stringify(
			await CONTROL[control](raw ? JSON.parse(raw) : {})) };
	return request.url.startsWith("/gateway.do?") ? alipay_answer(request, raw) :
		wechat_answer(request, raw);
}

const server = createServer(parties.tls, async (request, response) => {
	try {
		const { status, text, headers } = await answer(request, await body_of(request));
		response.writeHead(status, { ...headers, ...text && { "Content-Type": "application/json" },
			"Request-ID": `${Date.now()}-${requests.length}` }).end(text);
	} catch (error) {
		response.writeHead(500).end(String(error.stack));
	}
});
server.listen(0, "127.0.0.1", () =>
	console.log(`https://localhost:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
