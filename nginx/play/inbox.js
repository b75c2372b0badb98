// My messages, and the number of unread ones beside their tab.

import { moment } from "./format.js";
import { el, empty, notice, pages, skeleton } from "./ui.js";

const PATH = "/api/v1/messages";
const LOOK_MS = 5000;
const SHOWN_MOST = 99;

function unread_show(node, count) {
	node.hidden = count === 0;
	node.textContent = count > SHOWN_MOST ? `${SHOWN_MOST}+` : String(count);
	node.ariaLabel = `${count} 条未读`;
}

/**
 * Keeps the number true for as long as the page is open. Returns what to call when somebody
 * else has signed in or out: the number of the one before is gone at once.
 */
export function unread_watch(client, node) {
	const look = async () => {
		const { token } = client;
		if (token === null || document.hidden)
			return;
		const page = await client.get(`${PATH}?limit=1`).catch(() => null);
		if (page && token === client.token)
			unread_show(node, page.unread);
	};
	const anew = () => {
		unread_show(node, 0);
		look();
	};
	setInterval(look, LOOK_MS);
	look();
	return anew;
}

/** Showing the messages is reading them: the dots of the new ones stay until the next visit. */
export async function inbox_screen(place) {
	const { client, screen, signal, unread } = place;
	const list = el("div.cards.messages");
	screen.replaceChildren(el("div.cards", skeleton("card", 4)));
	try {
		const page = await pages(client, PATH, {}, signal, list, message_card);
		screen.replaceChildren(list);
		if (page.items.length === 0)
			list.append(empty("还没有消息", "付款、取消和退款的结果会写在这里。"));
		if (page.unread === 0)
			return;
		const up_to = page.items[0].id;
		const left = await client.tell(`${PATH}/read`, { up_to });
		unread_show(unread, left.unread);
	} catch (error) {
		if (!signal.aborted)
			screen.prepend(notice(error, () => inbox_screen(place)));
	}
}

function message_card({ kind, title, body, order_id, created_at, read_at }) {
	return el("a.card.message", { href: `#order-${order_id}`, "data-kind": kind },
		el("div.card-main",
			el("div.card-head", el("h3", read_at ? null :
				el("span.dot", { role: "img", "aria-label": "未读" }), title),
			el("span.when", moment(created_at))),
			el("p.message-text", body)));
}
