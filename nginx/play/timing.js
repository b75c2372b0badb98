// Waiting and looking again, until a signal ends it.

/** Rejects with the signal's reason when it is aborted meanwhile. */
export function sleep(ms, signal) {
	return new Promise((resolve, reject) => {
		if (signal?.aborted)
			return reject(signal.reason);
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener("abort", () => {
			clearTimeout(timer);
			reject(signal.reason);
		}, { once: true });
	});
}

/** Repeats an action every so often until the signal ends it. */
export function every(ms, signal, action) {
	const timer = setInterval(action, ms);
	signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/**
 * Loads again every so often while the page is seen, and draws what differs from `last`. A load
 * that fails is no news: the next one tells.
 */
export function watch(ms, signal, last, load, draw) {
	let text = JSON.stringify(last);
	let is_busy = false;
	every(ms, signal, async () => {
		if (is_busy || document.hidden)
			return;
		is_busy = true;
		const now = await load().catch(() => null);
		is_busy = false;
		if (signal.aborted || now === null || JSON.stringify(now) === text)
			return;
		text = JSON.stringify(now);
		draw(now);
	});
}
