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
