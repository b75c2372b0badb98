// «试一下»: sends a GET with the filled-in values; and the same request as a curl command.

import { code_block, el, json_block } from "./dom.js";

const TOKEN = "zx.docs.token";
const LIMIT_MS = 25_000;

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Values by parameter name; empty ones are left out. */
function filled_path(operation, values) {
	const path = operation.path.replace(/\{(\w+)\}/g,
		(all, name) => values[name] ? encodeURIComponent(values[name]) : all);
	const query = operation.parameters
		.filter((each) => each.in === "query" && values[each.name])
		.map((each) => `${each.name}=${encodeURIComponent(values[each.name])}`);
	return query.length ? `${path}?${query.join("&")}` : path;
}

function body_words(body) {
	const value = body.examples[0]?.value ?? {};
	if (body.type === "application/x-www-form-urlencoded")
		return Object.entries(value)
			.map(([name, text]) => `--data-urlencode ${quote(`${name}=${text}`)}`);
	const text = JSON.stringify(value, null, 2);
	return [`-H 'Content-Type: ${body.type}'`, `-d ${quote(text)}`];
}

/** What every shell can make up, and a version that fits any. */
const HEADER_WORDS = {
	"Idempotency-Key":
		`-H "Idempotency-Key: $(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n')"`,
	"If-Match": "-H 'If-Match: *'",
};

/** What curl would not do by itself: it sends a body by POST. */
function method_words({ method, body }) {
	const implied = body ? "POST" : "GET";
	return method === implied ? [] : [`-X ${method}`];
}

/**
 * The command, to be run as it stands: $CA names a certificate authority that the system doesn't
 * know, if need be. A token is never put into it.
 */
export function curl_text(operation, values) {
	const words = [`curl ${quote(location.origin + filled_path(operation, values))}`,
		...method_words(operation), '${CA:+--cacert "$CA"}'];
	if (operation.permission)
		words.push('-H "Authorization: Bearer $TOKEN"');
	for (const { name, required } of operation.parameters)
		if (name in HEADER_WORDS && required)
			words.push(HEADER_WORDS[name]);
	if (operation.body)
		words.push(...body_words(operation.body));
	if (/\.(png|svg)$/.test(operation.path))
		words.push("-O");
	return words.join(" \\\n  ");
}

/** Tomorrow in China, since a date that is over would only be refused. */
const tomorrow = () => new Date(Date.now() + 32 * 3_600_000).toISOString().slice(0, 10);

const first_value = ({ schema, example }) =>
	schema.format === "date" ? tomorrow() : String(example ?? "");

const asked_of = ({ parameters }) => parameters.filter((each) => each.in !== "header");

/** What the form begins with. */
export const first_values = (operation) =>
	Object.fromEntries(asked_of(operation).map((each) => [each.name, first_value(each)]));

const AS_TYPED = { autocomplete: "off", spellcheck: "false" };

function input({ name, required = false }, value, on_input) {
	const id = `try-${name}`;
	return [el("label", { for: id }, name, required ? el("b", " *") : null),
		el("input", { id, name, value, required, oninput: on_input, ...AS_TYPED })];
}

function token_input() {
	const keep = (event) => sessionStorage.setItem(TOKEN, event.target.value.trim());
	return [el("label", { for: "try-token" }, "访问令牌 ", el("b", "*")),
		el("input", { id: "try-token", type: "password", required: true, oninput: keep,
			value: sessionStorage.getItem(TOKEN), ...AS_TYPED,
			placeholder: "粘贴 access_token，只保存在本标签页" })];
}

async function answer_nodes(response, ms) {
	const type = response.headers.get("Content-Type") ?? "";
	const head = el("p.answer-head", el(`span.status.s${response.status.toString()[0]}`,
		String(response.status)), el("span", `${Math.round(ms)} 毫秒`));
	const shown = ["Content-Type", "X-Request-Id", "Retry-After", "Allow", "X-Cache"]
		.filter((name) => response.headers.get(name))
		.map((name) => `${name}: ${response.headers.get(name)}`);
	const headers = el("pre.answer-headers", shown.join("\n"));
	if (type.startsWith("image/")) {
		const url = URL.createObjectURL(await response.blob());
		return [head, headers, el("img.answer-image", { src: url, alt: "二维码" })];
	}
	const text = await response.text();
	try {
		return [head, headers, json_block(JSON.parse(text), "响应正文")];
	} catch {
		return [head, headers, code_block(text, "响应正文")];
	}
}

async function send(operation, values, into) {
	const headers = {};
	if (operation.permission)
		headers.Authorization = `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`;
	const began = performance.now();
	try {
		const response = await fetch(filled_path(operation, values), {
			headers, credentials: "omit", cache: "no-store",
			signal: AbortSignal.timeout(LIMIT_MS) });
		const ms = performance.now() - began;
		into.replaceChildren(...await answer_nodes(response, ms));
	} catch (cause) {
		into.replaceChildren(el("p.trouble", cause.name === "TimeoutError"
			? "等待太久没有回应" : "连不上服务器，或令牌里有不能放进请求头的字符"));
	}
}

/** The form (GET only) and the command, which follows what is typed. */
export function tryout(operation) {
	const asked = asked_of(operation);
	const values = first_values(operation);
	const curl = () => code_block(curl_text(operation, values), "curl", ".wrap");
	const command = el("div", curl());
	const answer = el("div.answer", { "aria-live": "polite" });
	const on_input = (event) => {
		values[event.target.name] = event.target.value.trim();
		command.replaceChildren(curl());
	};
	const button = el("button.send", { type: "submit" }, "发送");
	const form = el("form.try", { onsubmit: async (event) => {
		event.preventDefault();
		button.disabled = true;
		await send(operation, values, answer);
		button.disabled = false;
	} }, asked.flatMap((each) => input(each, values[each.name], on_input)),
	operation.permission ? token_input() : null, button);
	const can_send = operation.method === "GET";
	return el("section.panel", el("h2", can_send ? "试一下" : "调用"),
		can_send ? form : el("p.hint", "会改变数据的接口不在这里直接发送，请复制命令；先设好 TOKEN，测试环境还有 CA（证书文件）。"),
		command, answer);
}
