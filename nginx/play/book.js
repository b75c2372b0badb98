// Choosing: venue, sport, date, cells; then the order.

import { server_now_ms } from "./api.js";
import {
	date_add, date_short, date_today, day_name, money, month_day, period,
} from "./format.js";
import { Grid, legend } from "./grid.js";
import { sheet } from "./sheet.js";
import {
	busy, button, el, empty, explain, form, icon, notice, skeleton, submit_button,
} from "./ui.js";

const ZONE = "Asia/Shanghai";
const CHOICE = "zx.customer.choice";

/** How a strip of buttons shows the pressed one. */
const STRIP = { inline: "center", block: "nearest" };

/** Refusals that mean: the board on the screen is older than the truth. */
const STALE = new Set(["slot_taken", "price_changed", "period_past", "period_closed",
	"period_unpriced"]);

export async function venues_screen({ client, screen, signal }) {
	const list = el("div.cards", skeleton("card", 3));
	screen.replaceChildren(list);
	try {
		const items = await venues_all(client, signal);
		list.replaceChildren(...items.map(venue_card));
		if (items.length === 0)
			list.replaceChildren(empty("还没有球馆", "场馆开通后会显示在这里。"));
	} catch (error) {
		if (!signal.aborted)
			list.replaceChildren(notice(error, () =>
				venues_screen({ client, screen, signal })));
	}
}

async function venues_all(client, signal) {
	const items = [];
	let cursor = null;
	do {
		const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
		const page = await client.get(`/api/v1/venues${query}`, signal);
		items.push(...page.items);
		cursor = page.next_cursor;
	} while (cursor);
	return items;
}

function venue_card(venue) {
	const sports = venue.sports.map(({ name, courts }) => el("li", `${name} ${courts} 片`));
	return el("a.card.venue", { href: `#venue-${venue.id}` },
		el("div.card-main", el("h3", venue.name),
			el("p.address", icon("pin"), venue.address),
			el("ul.tags", ...sports)),
		icon("next"));
}

/** One venue: its head, then a booking whose parts are redrawn as the choice changes. */
export async function venue_screen(place) {
	const { client, screen, id, signal } = place;
	screen.classList.add("both");
	screen.replaceChildren(el("div.pin", skeleton("line", 3)), skeleton("cell", 24));
	try {
		const venue = await client.get(`/api/v1/venues/${id}`, signal);
		place.title.textContent = venue.name;
		new Booking(place, venue).start();
	} catch (error) {
		if (!signal.aborted)
			screen.replaceChildren(notice(error, () => venue_screen(place)));
	}
}

/** What was chosen last at a venue, so that logging in or going back loses nothing. */
function choice_load(venue, today) {
	const venue_id = venue.id;
	const last = JSON.parse(sessionStorage.getItem(CHOICE) ?? "null");
	const is_current = last?.date >= today ||
		(last?.night && last.date === date_add(today, -1));
	const is_usable = last?.venue_id === venue_id && is_current &&
		venue.sports.some(({ code }) => code === last.sport);
	if (is_usable)
		return { ...last, chosen: new Set(last.chosen) };
	return { venue_id, sport: venue.sports[0]?.code, date: today, chosen: new Set() };
}

/** The choice at one venue, and the parts of the screen that follow it. */
class Booking {
	#place;
	#venue;
	#today;
	#choice;
	#grid = null;
	#loads = 0;
	#area = el("div.grid-area");
	#note = el("div.pin.day-note");
	#trouble = el("div.trouble");

	constructor(place, venue) {
		this.#place = place;
		this.#venue = venue;
		this.#today = date_today(server_now_ms(), venue.timezone ?? ZONE);
		this.#choice = choice_load(venue, this.#today);
	}

	start() {
		const head = el("div.pin.venue-head",
			el("p.address", icon("pin"), this.#venue.address));
		if (this.#venue.sports.length > 1)
			head.append(this.#sports());
		this.#place.screen.replaceChildren(
			el("div.roll", head, this.#days(), this.#note, this.#area));
		this.#load();
	}

	#sports() {
		const options = this.#venue.sports.map(({ code, name }) =>
			({ value: code, content: [name] }));
		return this.#choices("sport", "运动", options);
	}

	#days() {
		const length = this.#venue.window_days + 1;
		const options = Array.from({ length }, (_, days) => {
			const value = date_add(this.#today, days);
			const name = el("span", day_name(value, this.#today));
			return { value, content: [name, el("small", date_short(value))] };
		});
		const strip = this.#choices("date", "日期", options);
		requestAnimationFrame(() => strip.querySelector("[aria-pressed=true]")
			?.scrollIntoView(STRIP));
		return el("div.pin", strip);
	}

	/** A row of buttons for one part of the choice: one of them is pressed. */
	#choices(part, label, options) {
		const row = el(`div.choices-${part}`, { role: "group", "aria-label": label });
		const press = () => {
			const chosen = this.#choice[part];
			for (const node of row.children)
				node.ariaPressed = String(node.dataset.value === chosen);
		};
		row.append(...options.map(({ value, content }) => el("button", {
			type: "button", "data-value": value,
			onclick: ({ currentTarget }) => {
				const night = part === "sport" && this.#choice.night;
				this.#choose({ [part]: value, night });
				press();
				currentTarget.scrollIntoView(STRIP);
			},
		}, ...content)));
		press();
		return row;
	}

	#choose(change) {
		this.#choice = { ...this.#choice, night: false, ...change, chosen: new Set() };
		this.#trouble.replaceChildren();
		this.#load();
	}

	#save() {
		const choice = { ...this.#choice, chosen: [...this.#choice.chosen] };
		sessionStorage.setItem(CHOICE, JSON.stringify(choice));
	}

	/** Only the newest of several loads in flight may draw. */
	async #load() {
		const mine = ++this.#loads;
		const { client, signal } = this.#place;
		const { sport, date } = this.#choice;
		this.#grid = null;
		this.#dock();
		this.#note.replaceChildren(el("p", month_day(date)));
		this.#area.replaceChildren(skeleton("cell", 32));
		try {
			const query = new URLSearchParams({ sport, date });
			const path = `/api/v1/venues/${this.#venue.id}/availability?${query}`;
			const board = await client.get(path, signal);
			if (mine === this.#loads && !signal.aborted)
				this.#show(board);
		} catch (error) {
			if (mine === this.#loads && !signal.aborted)
				this.#area.replaceChildren(el("div.pin",
					notice(error, () => this.#load())));
		}
	}

	/** After midnight last night's business day goes on: a way to it, before today's grid. */
	#last_night({ last_night: night }) {
		if (!night)
			return "";
		const go = button(`${night.business_day} ${month_day(night.date)}，还可以订`,
			() => this.#choose({ date: night.date, night: true }), ".wide", { id: "last-night" });
		return el("div.pin", go);
	}

	#show(board) {
		const is_open = board.open && board.slots.length > 0 && board.courts.length > 0;
		this.#note.replaceChildren(this.#last_night(board), this.#day_text(board),
			is_open ? legend() : "");
		if (!is_open) {
			const closed = empty("当天不营业", "换一天看看吧。");
			return this.#area.replaceChildren(el("div.pin", closed));
		}
		this.#grid = new Grid(board, this.#choice.chosen, () => this.#tapped(),
			(order_id) => this.#place.go(`order-${order_id}`));
		this.#area.replaceChildren(this.#grid.node);
		this.#changed();
	}

	#day_text({ date, day_kind, day_name: name, business_day }) {
		const kinds = { holiday: "节假日", makeup: "调休上班" };
		const kind = kinds[day_kind] && (name ?? kinds[day_kind]);
		return el("p", month_day(date),
			business_day ? el("span.day-kind", business_day) : null,
			kind ? el("span.day-kind", kind) : null);
	}

	#tapped() {
		this.#trouble.replaceChildren();
		this.#changed();
	}

	#changed() {
		this.#choice.chosen = this.#grid.chosen;
		this.#save();
		this.#dock();
	}

	#dock() {
		const { dock, client, go } = this.#place;
		const periods = this.#grid?.periods ?? [];
		dock.replaceChildren(this.#trouble);
		dock.hidden = periods.length === 0 && this.#trouble.childElementCount === 0;
		if (periods.length === 0)
			return;
		const total = periods.reduce((sum, { price_fen }) => sum + price_fen, 0);
		const next = client.is_signed_in ?
			button("去下单", () => this.#confirm(periods, total), ".primary",
				{ id: "confirm" }) :
			button("登录后下单", () => go("login"), ".primary");
		dock.append(el("div.dock-sum", { "aria-live": "polite" },
			el("strong.total", money(total)),
			el("span", this.#summary(periods))), next);
	}

	#summary(periods) {
		const [{ court_name, start, end }] = periods;
		return periods.length > 1 ? `已选 ${periods.length} 个时段` :
			`${court_name} ${period(start, end, this.#choice.date)}`;
	}

	#confirm(periods, total) {
		const { date } = this.#choice;
		const note = el("input", { id: "note", name: "note", maxlength: "100",
			autocomplete: "off", placeholder: "给球馆的话，选填" });
		const trouble = el("div.trouble");
		const submit = submit_button(`提交订单 ${money(total)}`, ".primary.wide");
		const work = () => this.#order(periods, total, note.value.trim(), asking, trouble);
		const name = this.#choice.night ? "昨晚营业日" : day_name(date, this.#today);
		const day = `${month_day(date)} ${name}`;
		const asking = sheet(this.#place.panel, "确认订单", form("form",
			() => busy(submit, work),
			el("p.hint", `${this.#venue.name} · ${day}`),
			period_list(periods, date),
			el("label", { for: "note" }, "备注"), note, trouble, submit));
	}

	async #order(periods, total, note, asking, trouble) {
		const { client, go, signal } = this.#place;
		const body = {
			venue_id: this.#venue.id, date: this.#choice.date,
			periods: periods.map(({ court_id, start, end }) =>
				({ court_id, start, end })),
			expected_fen: total,
			...(note ? { note } : {}),
		};
		trouble.replaceChildren();
		try {
			const order = await client.post("/api/v1/orders", body);
			sessionStorage.removeItem(CHOICE);
			if (!signal.aborted)
				go(`order-${order.id}`);
		} catch (error) {
			if (!STALE.has(error.code))
				return explain(trouble, error);
			asking.close(); /* show why, and the board as it is now */
			this.#trouble.replaceChildren(notice(error));
			if (error.code === "price_changed")
				this.#trouble.append(el("p.hint", { role: "status" },
					`现在合计 ${money(error.detail.amount_fen)}`));
			if (error.detail?.mine)
				this.#trouble.append(button("是您自己的订单，去查看",
					() => go(`order-${error.detail.mine}`), ".small"));
			this.#load();
		}
	}
}

/** Court, time and price, one line per period. */
export function period_list(periods, date) {
	return el("ul.periods", ...periods.map(({ court_name, start, end, price_fen }) =>
		el("li", el("strong", court_name), el("span", period(start, end, date)),
			el("span.price", money(price_fen)))));
}
