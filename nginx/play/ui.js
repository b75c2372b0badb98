// Small DOM helpers. Data only ever enters the page as text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";

const is_props = (value) => value?.constructor === Object;

/**
 * el("p.hint", {role: "status", onclick: f}, "text", child, null): tag and classes, then what
 * the element has, where it has anything, then what is in it.
 */
export function el(kind, ...rest) {
	const [tag, ...classes] = kind.split(".");
	const props = is_props(rest[0]) ? rest.shift() : {};
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
	node.append(...rest.filter((child) => child !== null && child !== undefined));
	return node;
}

export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const use = document.createElementNS(SVG, "use");
	use.setAttribute("href", `#i-${name}`);
	svg.append(use);
	return svg;
}

/** `looks` are more classes: ".primary.wide". */
export function button(label, onclick, looks = "", props = {}) {
	return el(`button.button${looks}`, { type: "button", onclick, ...props }, label);
}

export function form(kind, on_submit, ...fields) {
	return el(`form.${kind}`, { onsubmit: (event) => {
		event.preventDefault();
		on_submit();
	} }, ...fields);
}

export const submit_button = (label, looks) =>
	el(`button.button${looks}`, { type: "submit" }, label);

/** The friendly head of a sign-in screen. */
export function hero(picture, title, text) {
	return el("div.hero", el("span.hero-mark", icon(picture)), el("h3", title),
		el("p", text));
}

/** Grey bars of the size of what is coming, so that nothing jumps when it arrives. */
export function skeleton(kind, count) {
	const bars = Array.from({ length: count }, () => el(`div.bone.bone-${kind}`));
	const named = { role: "status", "aria-label": "正在加载" };
	return el(`div.bones.bones-${kind}`, named, ...bars);
}

export function empty(title, text, action = null) {
	return el("div.empty", icon("court"), el("h3", title), el("p", text), action);
}

/** The stable code, the field and the request, for whoever has to report an error. */
export const error_detail = ({ code, field, request_id }) =>
	[code, field, request_id].filter(Boolean).join(" · ");

/** What went wrong, and a way to try again where there is one. */
export function notice(error, retry = null) {
	const detail = error_detail(error);
	return el("div.notice", { role: "alert" }, icon("alert"),
		el("div.notice-text", el("p", error.message ?? String(error)),
			detail ? el("p.notice-code", detail) : null),
		retry ? button("重试", retry, ".small") : null);
}

/** Runs work while the button shows that it is busy; a second tap meanwhile does nothing. */
export async function busy(node, work) {
	if (node.getAttribute("aria-busy") === "true")
		return;
	node.setAttribute("aria-busy", "true");
	try {
		await work();
	} finally {
		node.removeAttribute("aria-busy");
	}
}

/** Rejects with the signal's reason when it is aborted meanwhile. */
export function sleep(ms, signal) {
	return new Promise((resolve, reject) => {
		if (signal?.aborted)
			return reject(signal.reason);
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener("abort", () => {
			clearTimeout(timer);
			reject(signal.reason);
		}, { once: true });
	});
}

/** Repeats an action every so often until the signal ends it. */
export function every(ms, signal, action) {
	const timer = setInterval(action, ms);
	signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/**
 * A sheet that rises over one panel and makes the rest of that panel unreachable.
 * Returns {close, dismiss}; Escape and the backdrop dismiss it, which calls on_dismiss.
 */
export function sheet(panel, title, content, on_dismiss = () => {}) {
	const before = document.activeElement;
	const others = [...panel.children];
	const heading = el("h2", { tabindex: "-1", id: "sheet-title" }, title);
	const cross = el("button.icon-button",
		{ type: "button", "aria-label": "关闭", onclick: dismiss }, icon("cross"));
	const body = el("div.sheet-body",
		{ role: "dialog", "aria-labelledby": "sheet-title", "aria-modal": "true" },
		el("div.sheet-head", heading, cross), content);
	const node = el("div.sheet", el("div.sheet-back", { onclick: dismiss }), body);

	function close() {
		if (!node.isConnected)
			return;
		node.remove();
		others.forEach((other) => other.inert = false);
		if (before?.isConnected)
			before.focus({ preventScroll: true });
	}
	function dismiss() {
		if (node.querySelector("[aria-busy=true]"))
			return; /* what runs in it must first end */
		close();
		on_dismiss();
	}

	node.addEventListener("keydown", (event) => event.key === "Escape" && dismiss());
	others.forEach((other) => other.inert = true);
	panel.append(node);
	heading.focus({ preventScroll: true });
	return { close, dismiss };
}
