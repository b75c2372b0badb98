// Notifies: what WeChat Pay tells the merchant, in good and in bad forms.

import { request } from "node:https";

import { notify_id } from "./books.js";
import { sealed, signature_headers } from "./parties.js";

const ANSWER_LIMIT_MS = 10_000;

/** Another character in the middle of a base64 text, which stays one. */
function changed(base64) {
	const at = base64.length >> 1;
	return base64.slice(0, at) + (base64[at] === "A" ? "B" : "A") + base64.slice(at + 1);
}

const SIGNATURE = "Wechatpay-Signature";

/**
 * The ways a letter can be written, each one change to a good letter. Members: what it is
 * written with instead of the right thing; `spoil` changes it when it is ready.
 */
const WAYS = {
	good: () => ({}),
	late_but_in_time: () => ({ age_s: 270 }),
	stale: () => ({ age_s: 310 }),
	future: () => ({ age_s: -330 }),
	bad_signature: () => ({ spoil: ({ headers }) => {
		headers[SIGNATURE] = changed(headers[SIGNATURE]);
	} }),
	probe: () => ({ spoil: ({ headers }) => {
		headers[SIGNATURE] = `WECHATPAY/SIGNTEST/${headers[SIGNATURE].slice(19)}`;
	} }),
	stranger: ({ stranger }, { serial }) => ({ signer: { serial, key: stranger } }),
	wrong_serial: (_, { key }) => ({ signer: { serial: "7F".repeat(20), key } }),
	swapped_serial: ({ signers }, signer) => ({ signer: {
		key: signer.key,
		serial: Object.values(signers).find((other) => other !== signer).serial,
	} }),
	tampered: () => ({ spoil: (letter) => {
		letter.body = letter.body.replace("encrypt-resource", "encrypt-Resource");
	} }),
	wrong_key: () => ({ apiv3: "0".repeat(32) }),
	bad_aad: () => ({ shown_aad: "certificate" }),
	no_headers: () => ({ spoil: (letter) => { letter.headers = {}; } }),
	not_json: () => ({ body: "SUCCESS" }),
	old_xml: () => ({
		body: "<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>",
		spoil: (letter) => { letter.headers = { "Content-Type": "text/xml" }; },
	}),
};

function envelope(event, id, { apiv3, shown_aad }) {
	const box = sealed(apiv3, JSON.stringify(event.inside), event.kind);
	return JSON.stringify({
		id, create_time: new Date().toISOString().replace(/\.\d+Z/, "+00:00"),
		resource_type: "encrypt-resource", event_type: event.type, summary: event.summary,
		resource: { original_type: event.kind, ...box,
			...shown_aad && { associated_data: shown_aad } },
	});
}

/** Sends {url, headers, body}; resolves to {status, body} of the answer. */
export function deliver({ url, headers, body }, ca) {
	const told = { "User-Agent": "Mozilla/4.0", Accept: "*/*", ...headers,
		"Content-Length": Buffer.byteLength(body) };
	return new Promise((resolve, reject) => {
		const call = request(url, { method: "POST", ca, agent: false, headers: told,
			timeout: ANSWER_LIMIT_MS }, (answer) => {
			const pieces = [];
			answer.on("data", (piece) => pieces.push(piece));
			answer.on("end", () => resolve({ status: answer.statusCode,
				body: Buffer.concat(pieces).toString() }));
		});
		call.on("timeout", () => call.destroy(new Error("no answer in time")));
		call.on("error", reject);
		call.end(body);
	});
}

export class Post {
	#parties;
	#books;
	#ids = new Map();
	#last = new Map();

	constructor(parties, books) {
		this.#parties = parties;
		this.#books = books;
	}

	/** Writes and sends a letter about that number; the answer's {id, status, body}. */
	async send({ number, way = "good", signer = "pubkey" }) {
		const event = this.#books.event(number), key = `${number} ${event.type}`;
		const id = this.#ids.get(key) ?? notify_id();
		this.#ids.set(key, id);
		if (way === "again") /* byte for byte */
			return { id, ...await deliver(this.#last.get(key), this.#parties.ca) };
		const letter = this.#write(event, id, way, this.#parties.signers[signer]);
		this.#last.set(key, letter);
		return { id, ...await deliver(letter, this.#parties.ca) };
	}

	#write(event, id, way, signer) {
		const with_what = { apiv3: this.#parties.apiv3, age_s: 0, signer,
			...WAYS[way](this.#parties, signer) };
		const body = with_what.body ?? envelope(event, id, with_what);
		const letter = { url: event.url, body, headers: { "Content-Type": "application/json",
			...signature_headers(with_what.signer, body, with_what.age_s) } };
		with_what.spoil?.(letter);
		return letter;
	}
}
