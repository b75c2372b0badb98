// The Markdown that openapi.yaml uses: headings, paragraphs, lists, tables, fenced code; within
// a line `code` and **bold**. Everything else is text.

import { code_block, el } from "./dom.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*/g;
const ITEM = /^(?:[-*]|(\d+)\.)\s+(.*)$/;
const CJK = /[\u3000-\u9fff\uff00-\uffef]/;

export function inline(text) {
	const nodes = [];
	let at = 0;
	for (const match of text.matchAll(INLINE)) {
		nodes.push(text.slice(at, match.index));
		nodes.push(match[1] ? el("code", match[1]) : el("strong", match[2]));
		at = match.index + match[0].length;
	}
	nodes.push(text.slice(at));
	return nodes;
}

/** Wrapped lines are one: without a blank where Chinese meets Chinese. */
function join(lines) {
	return lines.reduce((all, line) => {
		const glue = CJK.test(all.at(-1) ?? "") && CJK.test(line[0] ?? "") ? "" : " ";
		return all ? all + glue + line : line;
	}, "");
}

const cells = (line) => line.split("|").slice(1, -1).map((cell) => cell.trim());

function table(lines) {
	const [head, , ...rows] = lines.map(cells);
	const names = head.map((cell) => el("th", { scope: "col" }, inline(cell)));
	const line = (row) => el("tr", row.map((cell) => el("td", inline(cell))));
	return el("table", el("thead", el("tr", names)), el("tbody", rows.map(line)));
}

function list(lines) {
	const items = [];
	for (const line of lines) {
		const match = ITEM.exec(line);
		if (match)
			items.push([match[2]]);
		else
			items.at(-1).push(line.trim());
	}
	const kind = ITEM.exec(lines[0])[1] ? "ol" : "ul";
	return el(kind, items.map((item) => el("li", inline(join(item)))));
}

function block(lines) {
	const heading = /^(#+)\s+(.*)$/.exec(lines[0]);
	if (heading)
		return el(`h${heading[1].length}`, { id: heading[2] }, inline(heading[2]));
	if (lines[0].startsWith("|"))
		return table(lines);
	return ITEM.test(lines[0]) ? list(lines) : el("p", inline(join(lines)));
}

/** Blocks are separated by blank lines; fenced code may hold blank lines. */
function split(text) {
	const blocks = [[]];
	let fenced = false;
	for (const line of text.split("\n")) {
		if (line.startsWith("```"))
			fenced = !fenced;
		if (line || fenced)
			blocks.at(-1).push(line);
		else if (blocks.at(-1).length)
			blocks.push([]);
	}
	return blocks.filter((lines) => lines.length);
}

export function markdown(text) {
	return split(text ?? "").map((lines) => lines[0].startsWith("```")
		? code_block(lines.slice(1, -1).join("\n"), lines[0].slice(3)) : block(lines));
}

/** Headings of the second level, for a table of contents. */
export const headings = (text) =>
	[...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);

/** Rows of the first table under a heading: {column: text}. */
export function table_rows(text, heading) {
	const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
	const lines = split(section ?? "").find((part) => part[0].startsWith("|")) ?? [];
	const [names = [], , ...rows] = lines.map(cells);
	return rows.map((row) => Object.fromEntries(
		row.map((cell, i) => [names[i], cell.replaceAll("`", "")])));
}
