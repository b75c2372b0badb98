// The API page: reads openapi.json and shows what the address behind # names.

import { el } from "./dom.js";
import { headings, inline, markdown } from "./markdown.js";
import { Description } from "./model.js";
import { operation_view } from "./operation.js";

const at = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 899px)");

function menu(open) {
	at("menu").setAttribute("aria-expanded", String(open));
	document.body.classList.toggle("menu-open", open);
	at("shade").hidden = !open;
	at("nav").inert = narrow.matches && !open;
}

function link(href, words, ...content) {
	return el("a", { href: `#${href}`, "data-words": words.toLowerCase() }, content);
}

function operation_link(operation) {
	const words = [operation.summary, operation.path, operation.operationId,
		operation.method, ...operation.codes].join(" ");
	return link(operation.operationId, words,
		el(`span.method.${operation.method.toLowerCase()}`, operation.method),
		el("span", operation.summary));
}

function show_index(description) {
	const chapters = headings(description.info.description);
	at("index").replaceChildren(
		el("section", el("h2", "说明"),
			chapters.map((title) => link(title, title, title))),
		...description.groups.map((group) => el("section", el("h2", group.name),
			group.operations.map(operation_link))));
}

function search(text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	let found = 0;
	for (const part of at("index").children) {
		const links = [...part.querySelectorAll("a")];
		for (const each of links)
			each.hidden = !words.every((word) => each.dataset.words.includes(word));
		part.hidden = links.every((each) => each.hidden);
		found += part.hidden ? 0 : 1;
	}
	at("nothing").hidden = found > 0;
}

function overview(description) {
	const { title, summary, description: text } = description.info;
	return el("article.overview", el("h1", { tabindex: "-1" }, title),
		el("p.lead", inline(summary)), markdown(text));
}

/** The heading that the address names, or the top. */
function reveal(node, id) {
	const target = id ? document.getElementById(id) : null;
	if (target && node.contains(target))
		target.scrollIntoView();
	else
		scrollTo(0, 0);
}

function show(description, is_first) {
	const id = decodeURIComponent(location.hash.slice(1));
	if (id === "main")
		return at("main").focus();
	const operation = description.operations.find((each) => each.operationId === id);
	const node = operation ? operation_view(description, operation) : overview(description);
	at("main").replaceChildren(node);
	document.title = operation ? `${operation.summary} · ${description.info.title}`
		: description.info.title;
	for (const each of at("index").querySelectorAll("a")) {
		const is_here = decodeURIComponent(each.hash.slice(1)) === id;
		each.toggleAttribute("aria-current", is_here);
		if (is_here && !narrow.matches)
			each.scrollIntoView({ block: "nearest" });
	}
	menu(false);
	reveal(node, operation ? null : id);
	if (!is_first && operation)
		node.querySelector("h1").focus({ preventScroll: true });
}

async function load() {
	const response = await fetch("../openapi.json");
	if (!response.ok)
		throw new Error(`openapi.json: ${response.status}`);
	return new Description(await response.json());
}

async function start() {
	at("menu").onclick = () => menu(at("menu").getAttribute("aria-expanded") !== "true");
	at("shade").onclick = () => menu(false);
	addEventListener("keydown", (event) => event.key === "Escape" && menu(false));
	narrow.addEventListener("change", () => menu(false));
	at("search").oninput = (event) => search(event.target.value);
	menu(false);
	try {
		const description = await load();
		show_index(description);
		addEventListener("hashchange", () => show(description, false));
		show(description, true);
	} catch (cause) {
		at("main").replaceChildren(el("p.loading", { role: "alert" },
			`接口描述没有加载成功（${cause.message}），请刷新重试。`));
	}
}

start();
