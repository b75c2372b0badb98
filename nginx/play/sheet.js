// A sheet over one panel.

import { el, icon, new_id } from "./ui.js";

/**
 * A sheet that rises over one panel and makes the rest of that panel unreachable.
 * Returns {close, dismiss}; Escape and the backdrop dismiss it, which calls on_dismiss.
 */
export function sheet(panel, title, content, on_dismiss = () => {}) {
	const before = document.activeElement;
	const others = [...panel.children];
	const id = new_id("sheet");
	const heading = el("h2", { tabindex: "-1", id }, title);
	const cross = el("button.icon-button",
		{ type: "button", "aria-label": "关闭", onclick: dismiss }, icon("cross"));
	const body = el("div.sheet-body",
		{ role: "dialog", "aria-labelledby": id, "aria-modal": "true" },
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
