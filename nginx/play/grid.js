// Courts × time: the table that customers tap on, and the rule that joins neighbouring cells.

import { clock, money, money_spoken, period } from "./format.js";
import { el, icon } from "./ui.js";

const STATES = { free: "可订", taken: "已订", closed: "不开放", past: "已过", own: "我的" };
const STEPS = {
	ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
};

const cell_key = (court, slot) => `${court.id} ${slot.start}`;
const is_bookable = (cell) => cell.state === "free" && cell.price_fen !== null;

/**
 * The chosen cells as periods, in the order of the courts: cells of one court that touch are
 * one period. `chosen` holds cell keys.
 */
export function periods_of(board, chosen) {
	const periods = [];
	for (const court of board.courts) {
		let open = null;
		board.slots.forEach((slot, row) => {
			if (!chosen.has(cell_key(court, slot)))
				return;
			const price_fen = court.cells[row].price_fen;
			if (open?.end === slot.start) {
				open.end = slot.end;
				open.price_fen += price_fen;
				return;
			}
			open = { court_id: court.id, court_name: court.name, start: slot.start,
				end: slot.end, price_fen };
			periods.push(open);
		});
	}
	return periods;
}

/** How many rows at the top are over for every court. */
function rows_past(board) {
	const is_over = (row) => board.courts.every(({ cells }) => !is_bookable(cells[row])) &&
		board.courts.some(({ cells }) => cells[row].state === "past");
	const first = board.slots.findIndex((_, row) => !is_over(row));
	return first < 0 ? board.slots.length : first;
}

/**
 * The table of one board. `on_change(periods)` is called after every tap on a free cell,
 * `on_own(order_id)` after one on a cell of the customer's own order.
 */
export class Grid {
	#board;
	#chosen;
	#on_change;
	#on_own;
	#buttons = [];

	/** `chosen` (cell keys) survives a reload of the board: what is gone is left out. */
	constructor(board, chosen, on_change, on_own) {
		this.#board = board;
		this.#on_change = on_change;
		this.#on_own = on_own;
		const free = board.courts.flatMap((court) => board.slots
			.filter((_, row) => is_bookable(court.cells[row]))
			.map((slot) => cell_key(court, slot)));
		this.#chosen = new Set(free.filter((key) => chosen.has(key)));
		this.node = this.#table();
	}

	get chosen() {
		return new Set(this.#chosen);
	}

	get periods() {
		return periods_of(this.#board, this.#chosen);
	}

	#table() {
		const { courts, slots } = this.#board;
		const head = el("tr", el("th.corner", { scope: "col" }, "时间"),
			...courts.map((court) => el("th", { scope: "col" }, court.name)));
		const rows = slots.map((slot, row) => this.#row(slot, row));
		const past = rows_past(this.#board);
		const fold = past > 1 ? this.#fold(rows.slice(0, past)) : null;
		const body = el("tbody", fold, ...rows);
		const named = { role: "grid", "aria-label": "场地与时段" };
		const table = el("table.grid", named, el("thead", head), body);
		table.addEventListener("keydown", (event) => this.#walk(event));
		table.addEventListener("focusin", (event) => this.#stop_at(event.target));
		const first = this.#buttons.flat().find((node) => !node.disabled);
		first?.setAttribute("tabindex", "0");
		return table;
	}

	/** The morning is of no use in the evening: one row stands for what is over. */
	#fold(rows) {
		rows.forEach((row) => row.hidden = true);
		const { slots, courts } = this.#board;
		const until = clock(slots[rows.length - 1].end, this.#board.date, true);
		const open = () => {
			rows.forEach((row) => row.hidden = false);
			fold.remove();
		};
		const fold = el("tr.fold", el("td", { colspan: courts.length + 1 },
			el("button", { type: "button", onclick: open },
				`展开已过的时段（至 ${until}）`)));
		return fold;
	}

	#row(slot, row) {
		const { date, courts } = this.#board;
		const [start, end] = [clock(slot.start, date), clock(slot.end, date, true)];
		this.#buttons.push([]);
		const head = el("th", { scope: "row" },
			start.startsWith("次日") ? el("small", "次日") : null,
			el("span", start.replace("次日 ", "")),
			el("small", end.replace("次日 ", "")));
		return el("tr", head,
			...courts.map((court, column) => this.#cell(court, slot, row, column)));
	}

	#cell(court, slot, row, column) {
		const { state, price_fen, mine } = court.cells[row];
		const where = `${court.name} ${period(slot.start, slot.end, this.#board.date)}`;
		const node = is_bookable(court.cells[row]) ?
			this.#free_cell(where, price_fen, cell_key(court, slot)) :
			mine ? this.#own_cell(where, mine) : dead_cell(where, state === "free" ? "closed" : state);
		node.dataset.row = row;
		node.dataset.column = column;
		this.#buttons[row].push(node);
		return el("td", node);
	}

	#free_cell(where, price_fen, key) {
		const node = el("button.cell.free", {
			type: "button", tabindex: "-1",
			"aria-pressed": String(this.#chosen.has(key)),
			"aria-label": `${where} ${money_spoken(price_fen)} ${STATES.free}`,
			onclick: () => this.#toggle(node, key),
		}, el("span", price_fen ? money(price_fen) : "免费"), icon("check"));
		return node;
	}

	#own_cell(where, order_id) {
		return el("button.cell.own", {
			type: "button", tabindex: "-1", "aria-label": `${where} ${STATES.own}`,
			onclick: () => this.#on_own(order_id),
		}, STATES.own);
	}

	#toggle(node, key) {
		const add = !this.#chosen.has(key);
		if (add)
			this.#chosen.add(key);
		else
			this.#chosen.delete(key);
		node.setAttribute("aria-pressed", String(add));
		this.#on_change(this.periods);
	}

	/** Arrow keys go to the next cell in that direction that can be booked. */
	#walk(event) {
		const step = STEPS[event.key];
		const from = event.target.closest("button.cell");
		if (!step || !from)
			return;
		event.preventDefault();
		let [row, column] = [Number(from.dataset.row), Number(from.dataset.column)];
		let next;
		do {
			[row, column] = [row + step[0], column + step[1]];
			next = this.#buttons[row]?.[column];
		} while (next?.disabled);
		next?.focus();
	}

	/** The table is one stop of the Tab key: the cell that had the focus last. */
	#stop_at(node) {
		if (!node.matches("button.cell"))
			return;
		this.node.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
		node.setAttribute("tabindex", "0");
	}
}

/** A cell that can't be booked: it says why, and takes no tap. */
function dead_cell(where, state) {
	return el(`button.cell.${state}`,
		{ type: "button", disabled: true, "aria-label": `${where} ${STATES[state]}` },
		state === "taken" ? STATES.taken : "");
}

export function legend() {
	return el("ul.legend", el("li.free", "可订"), el("li.chosen", "已选"),
		el("li.taken", "已订"), el("li.closed", "不可订"));
}
