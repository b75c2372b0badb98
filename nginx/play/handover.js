// The check-in code that the customer panel shows right now, for the desk beside it: it stands
// in for holding a phone in front of a scanner, and exists for this demo only.

let shown = null;
let watcher = () => {};

/** Takes the qr_text, or null when no code is on the screen any more. */
export function code_show(qr_text) {
	shown = qr_text;
	watcher(shown);
}

/** Calls back with the code now and at every change; there is one desk, so one watcher. */
export function code_watch(callback) {
	watcher = callback;
	watcher(shown);
}
