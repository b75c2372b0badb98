// Reading a QR code with the device's camera, where the browser itself can (BarcodeDetector).

import { sheet } from "./sheet.js";
import { sleep } from "./timing.js";
import { el } from "./ui.js";

const LOOK_MS = 200;

export async function camera_can_scan() {
	if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia)
		return false;
	const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
	return formats.includes("qr_code");
}

/** Shows the camera over the panel; resolves to the text, or to null when it was closed. */
export async function camera_scan(panel) {
	const over = new AbortController();
	const named = { playsinline: true, muted: true, "aria-label": "摄像头画面" };
	const video = el("video", named);
	const view = sheet(panel, "对准二维码", el("div.camera", video), () => over.abort());
	let stream = null;
	try {
		stream = await navigator.mediaDevices.getUserMedia({
			video: { facingMode: "environment" } });
		video.srcObject = stream;
		await video.play();
		return await code_find(video, over.signal);
	} catch (error) {
		if (over.signal.aborted)
			return null;
		throw error;
	} finally {
		stream?.getTracks().forEach((track) => track.stop());
		view.close();
	}
}

async function code_find(video, signal) {
	const detector = new BarcodeDetector({ formats: ["qr_code"] });
	for (;;) {
		await sleep(LOOK_MS, signal);
		const [found] = await detector.detect(video);
		if (found?.rawValue)
			return found.rawValue;
	}
}
