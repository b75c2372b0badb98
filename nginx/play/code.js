// The check-in code of a paid order: waits until it is made, shows it.

import { code_grouped } from "./format.js";
import { code_show } from "./handover.js";
import { sleep } from "./timing.js";
import { el, icon, notice } from "./ui.js";

const READY_MS = 1000;
const READY_LIMIT_MS = 60_000;

/** The card; it fills itself. `reload` draws the order anew after something went wrong. */
export function code_card({ client, drawing }, order, reload) {
	const { signal } = drawing;
	const card = el("section.card.code", { "aria-label": "入场码", "aria-busy": "true" },
		el("div.qr.bone"), el("p.short-code.bone-text", "正在生成入场码…"),
		el("p.hint"));
	signal.addEventListener("abort", () => code_show(null), { once: true });
	code_fill(client, order.id, card, signal).catch((error) => {
		if (signal.aborted)
			return;
		card.removeAttribute("aria-busy");
		card.replaceChildren(notice(error, reload));
	});
	return card;
}

async function code_fill(client, order_id, card, signal) {
	const path = `/api/v1/orders/${order_id}/checkin-code`;
	const code = await code_ready(client, path, signal);
	const image = await client.image(`${path}.png`, signal);
	signal.addEventListener("abort", () => URL.revokeObjectURL(image), { once: true });
	code_draw(card, code, image);
	if (code.state === "active")
		code_show(code.qr_text);
}

/** The code is made by a consumer of the queue, a moment after the payment. */
async function code_ready(client, path, signal) {
	const deadline = performance.now() + READY_LIMIT_MS;
	for (;;) {
		try {
			return await client.get(path, signal);
		} catch (error) {
			if (error.code !== "code_not_ready" || performance.now() > deadline)
				throw error;
		}
		await sleep(READY_MS, signal);
	}
}

function code_draw(card, code, image) {
	const is_used = code.state === "used";
	card.removeAttribute("aria-busy");
	card.classList.toggle("used", is_used);
	const alt = is_used ? "已使用的入场二维码" : "入场二维码";
	const spoken = `入场码 ${[...code.short_code].join(" ")}`;
	card.replaceChildren(
		el("div.qr", el("img", { src: image, alt }),
			is_used ? el("span.stamp", icon("check"), "已核销") : null),
		el("p.short-code", { "aria-label": spoken }, code_grouped(code.short_code)),
		el("p.hint", is_used ? "这个码已经用过" : "请前台扫码，或报上面的数字"));
}
