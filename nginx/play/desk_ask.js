// A sheet that asks staff for one sentence before something is done.

import { sheet } from "./sheet.js";
import { busy, el, explain, form, labelled, submit_button } from "./ui.js";

const NOTE_LENGTH = 200;

/**
 * `text` says what will happen, `field` is [label, name] of the sentence, `send(sentence)` does
 * it, and `done(answer)` follows.
 */
export function ask_sentence(panel, { title, text, field, word, send, done }) {
	const { input, nodes } = labelled(...field, { required: true, maxlength: NOTE_LENGTH });
	const trouble = el("div.trouble");
	const submit = submit_button(word, ".primary.wide");
	const asking = sheet(panel, title, form("form", () => busy(submit, async () => {
		try {
			const answer = await send(input.value.trim());
			asking.close();
			done(answer);
		} catch (error) {
			explain(trouble, error);
		}
	}), el("p.hint", text), ...nodes, trouble, submit));
	input.focus();
}

/** Takes a check-in back; `checked_in_at` says which of the order. */
export function undo_ask({ client, panel }, order_id, checked_in_at, done) {
	ask_sentence(panel, {
		title: "撤销核销",
		text: "这一次核销的时段回到未使用，顾客可以再次核销。会记下经手人和理由。",
		field: ["理由", "reason"], word: "确认撤销",
		send: (reason) => client.post(`/api/v1/staff/orders/${order_id}/checkin/undo`,
			{ checked_in_at, reason }), done,
	});
}
