// The list of my orders.

import { moment, money, month_day, weekday } from "./format.js";
import { item_time, order_badges } from "./state.js";
import { el, empty, notice, pages, skeleton } from "./ui.js";

export async function orders_screen(place) {
	const { client, screen, signal } = place;
	const list = el("div.cards");
	screen.replaceChildren(el("div.cards", skeleton("card", 4)));
	try {
		const page = await pages(client, "/api/v1/orders", {}, signal, list,
			order_card);
		screen.replaceChildren(list);
		if (page.items.length === 0)
			list.append(empty("还没有订单", "订好的场地会出现在这里。",
				el("a.button.primary", { href: "#venues" }, "去订场")));
	} catch (error) {
		if (!signal.aborted)
			screen.replaceChildren(notice(error, () => orders_screen(place)));
	}
}

function order_card(order) {
	const lines = order.items.map((item) =>
		el("li", `${item.court_name} ${item_time(item, order.date)}`));
	const back = order.refunded_fen > 0 ? `（退 ${money(order.refunded_fen)}）` : "";
	return el("a.card.order", { href: `#order-${order.id}` },
		el("div.card-main",
			el("div.card-head", el("h3", order.venue_name), order_badges(order)),
			el("p.when", `${month_day(order.date)} ${weekday(order.date)}`),
			el("ul.lines", ...lines),
			el("p.card-foot", el("span", moment(order.created_at)),
				el("strong", money(order.amount_fen) + back))));
}
