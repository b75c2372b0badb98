// Small DOM helpers. Data only ever enters the page as text nodes and attributes.

/** el("p.hint", {id: "x", onclick: f}, "text", child, null): tag and classes, then the rest. */
export function el(kind, ...rest) {
	const [tag, ...classes] = kind.split(".");
	const props = rest[0]?.constructor === Object ? rest.shift() : {};
	const node = document.createElement(tag);
	node.classList.add(...classes);
	for (const [name, value] of Object.entries(props)) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, value);
	}
	node.append(...rest.flat(Infinity).filter((child) => (child ?? null) !== null));
	return node;
}

/* A string, and whether it names a member; a word; a number. */
const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

function token_class([text, string, colon]) {
	if (colon)
		return "key";
	return string ? "str" : /^[tfn]/.test(text) ? "word" : "num";
}

/** Pretty JSON with its parts told apart. */
export function json_nodes(value) {
	const text = JSON.stringify(value, null, 2);
	const nodes = [];
	let at = 0;
	for (const match of text.matchAll(JSON_TOKEN)) {
		const shown = match[1] ?? match[0];
		nodes.push(text.slice(at, match.index),
			el(`span.${token_class(match)}`, shown));
		at = match.index + shown.length;
	}
	return [...nodes, text.slice(at)];
}

async function copy(text, button) {
	try {
		await navigator.clipboard.writeText(text);
		button.textContent = "已复制";
	} catch {
		button.textContent = "请手动复制";
	}
	setTimeout(() => button.textContent = "复制", 1500);
}

/** A block of code with a button that copies it. */
export function code_block(content, label = null, looks = "") {
	const pre = el(`pre${looks}`, { tabindex: "0" }, el("code", content));
	const button = el("button.copy",
		{ type: "button", onclick: () => copy(pre.textContent, button) }, "复制");
	return el("div.code", el("div.code-head", el("span", label), button), pre);
}

export const json_block = (value, label) => code_block(json_nodes(value), label);
