// A QR code as a picture, drawn here. Its modules come from Debian's package
// node-qrcode-generator, a plain script that index.html loads: `qrcode`.

import { el } from "./ui.js";

const QUIET = 4; /* light modules around it, as the standard wants */
const SCALE = 8;

/** Rows of dark (true) and light modules; null if it is too long for any code. */
function qr_modules(text) {
	const code = globalThis.qrcode(0, "M"); /* the smallest that holds it */
	try {
		code.addData(text);
		code.make();
	} catch {
		return null;
	}
	const all = [...Array(code.getModuleCount()).keys()];
	return all.map((y) => all.map((x) => code.isDark(y, x)));
}

/** `label` is what it is to somebody who can't see it. */
export function qr_picture(text, label) {
	const modules = qr_modules(text);
	if (modules === null)
		return el("p.hint", text);
	const size = (modules.length + 2 * QUIET) * SCALE;
	const canvas = el("canvas",
		{ width: size, height: size, role: "img", "aria-label": label });
	const pen = canvas.getContext("2d");
	pen.fillStyle = "#fff";
	pen.fillRect(0, 0, size, size);
	pen.fillStyle = "#000";
	modules.forEach((row, y) => row.forEach((is_dark, x) => {
		if (is_dark)
			pen.fillRect((x + QUIET) * SCALE, (y + QUIET) * SCALE, SCALE, SCALE);
	}));
	return el("div.qr.drawn", canvas);
}
