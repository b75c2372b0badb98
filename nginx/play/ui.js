// Small DOM helpers. Data only ever enters the page as text nodes and attributes.

import { moment } from "./format.js";
import { field_word } from "./words.js";

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

/** The API's message, with what it is about: the field, or how long it lasts. */
function sentence({ message, field, until }) {
	const about = field_word(field);
	if (until)
		return `${message}。${moment(until)} 起可以再次预订，如有疑问请联系球馆。`;
	return about ? `${message}：${about}` : message;
}

/** What went wrong, and a way to try again where there is one. */
export function notice(error, retry = null) {
	const detail = error_detail(error);
	return el("div.notice", { role: "alert", "data-code": error.code }, icon("alert"),
		el("div.notice-text", el("p", sentence(error) ?? String(error)),
			detail ? el("p.notice-code", detail) : null),
		retry ? button("重试", retry, ".small") : null);
}

/** Shows in `area` what went wrong, and marks the input of its form that the error names. */
export function explain(area, error) {
	area.replaceChildren(notice(error));
	const asked = area.closest("form");
	const named = error.field && asked?.elements.namedItem(error.field);
	const input = named instanceof HTMLElement ? named : null;
	input?.setAttribute("aria-invalid", "true");
	input?.focus();
	asked?.addEventListener("input", () => {
		input?.removeAttribute("aria-invalid");
		area.replaceChildren();
	}, { once: true });
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

let ids = 0;

/** An id that no other element has. */
export const new_id = (name) => `${name}-${++ids}`;

/** A labelled input; `name` is the field of the request that it fills. */
export function labelled(label, name, props = {}, kind = "input") {
	const id = new_id(name);
	const input = el(kind, { id, name, autocomplete: "off", ...props });
	return { input, nodes: [el("label", { for: id }, label), input] };
}

/** One line of a list to choose from, as large as a finger. */
export function choice(label, checked, on_change, props = {}) {
	const box = el("input", { type: "checkbox", checked, ...props });
	box.addEventListener("change", () => on_change(box.checked));
	return el("label.choice", box, ...label);
}

/** Names and values in two columns; what has no value is left out. */
export function facts(...pairs) {
	const told = pairs.filter(([, value]) => (value ?? "") !== "");
	return el("dl.facts", ...told.flatMap(([name, value]) =>
		[el("dt", name), el("dd", value)]));
}

/** The pages of a list, one after the other; `row` makes a node of an item. */
export async function pages(client, path, query, signal, list, row) {
	const page = await client.get(`${path}?${new URLSearchParams(query)}`, signal);
	list.append(...page.items.map(row));
	if (page.next_cursor === null)
		return page;
	const next = { ...query, cursor: page.next_cursor };
	const more = button("更多", () => busy(more, async () => {
		try {
			await pages(client, path, next, signal, list, row);
			more.remove();
		} catch (error) {
			if (!signal.aborted)
				more.before(notice(error));
		}
	}), ".wide.more");
	list.append(more);
	return page;
}
