// Money, times and codes as customers read them. Pure functions, no DOM.
// Times are shown as the venue's clock shows them: they are cut out of the RFC 3339 text, whose
// offset is the venue's, and never pass through the browser's own zone.

const WEEKDAYS = ["日", "一", "二", "三", "四", "五", "六"];
const DAY_MS = 86_400_000;

/** Fen to "¥80" or "¥80.50". */
export function money(fen) {
	const text = (fen / 100).toFixed(2);
	return "¥" + (text.endsWith(".00") ? text.slice(0, -3) : text);
}

/** "80元", the form that is read out loud. */
export const money_spoken = (fen) => money(fen).slice(1) + "元";

/** A calendar date as a UTC midnight, so that arithmetic on it knows no zone. */
const date_ms = (date) => Date.parse(date + "T00:00:00Z");

export function date_add(date, days) {
	return new Date(date_ms(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The date that it is now at the venue. */
export function date_today(now_ms, timezone) {
	const format = new Intl.DateTimeFormat("en-CA", {
		timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit",
	});
	return format.format(new Date(now_ms));
}

export const weekday = (date) => "周" + WEEKDAYS[new Date(date_ms(date)).getUTCDay()];

export function day_name(date, today) {
	const days = Math.round((date_ms(date) - date_ms(today)) / DAY_MS);
	return ["今天", "明天", "后天"][days] ?? weekday(date);
}

/** "2026-11-23" to "11/23". */
export const date_short = (date) => date.slice(5).replace("-", "/");

/** "2026-11-23" to "11月23日". */
export function month_day(date) {
	const [, month, day] = date.split("-").map(Number);
	return `${month}月${day}日`;
}

/**
 * The clock time of a stamp, seen from the play date: after midnight it is "次日 00:30", and an
 * end at midnight itself is "24:00".
 */
export function clock(stamp, date, is_end = false) {
	const time = stamp.slice(11, 16);
	if (stamp.slice(0, 10) <= date)
		return time;
	return is_end && time === "00:00" ? "24:00" : `次日 ${time}`;
}

/** "18:00–19:00"; an end after midnight names the next day once. */
export function period(start, end, date) {
	const from = clock(start, date);
	const to = clock(end, date, true);
	return `${from}–${from.startsWith("次日") ? to.replace("次日 ", "") : to}`;
}

/** "11月23日 18:05" of a stamp. */
export const moment = (stamp) => `${month_day(stamp.slice(0, 10))} ${stamp.slice(11, 16)}`;

/** Milliseconds to "09:41" or "1:59:41"; never negative. */
export function countdown(left_ms) {
	const seconds = Math.max(0, Math.ceil(left_ms / 1000));
	const two = (n) => String(n).padStart(2, "0");
	const hours = Math.floor(seconds / 3600);
	const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
	return hours > 0 ? `${hours}:${rest}` : rest;
}

/** What somebody typed as yuan, "12" or "12.5", in fen; null for anything else. */
export function fen_of(text) {
	const half = text.normalize("NFKC").replace(/[\s¥,]/g, "");
	return /^\d{1,9}(\.\d{1,2})?$/.test(half) ? Math.round(Number(half) * 100) : null;
}

/** The rule that an order was sold under, as a sentence. The most hours come first. */
export function refund_rule(tiers) {
	const parts = tiers.map(({ hours, percent, fee_fen }) => {
		const fee = fee_fen > 0 ? `（每个时段扣 ${money(fee_fen)}）` : "";
		const when = hours > 0 ? `开场 ${hours} 小时以前` : "开场以前";
		return `${when}退 ${percent}%${fee}`;
	});
	const last = tiers.at(-1)?.hours === 0 ? "开场后不退" : "之后不退";
	return parts.length > 0 ? [...parts, last].join("，") : "取消不退款";
}

/** The ten digits of a short code, grouped 4-3-3 for reading out. */
export const code_grouped = (code) => code.replace(/^(\d{4})(\d{3})(\d{3})$/, "$1 $2 $3");

/**
 * What was typed or scanned, as the server wants it: people type groups, dashes and full-width
 * digits, scanner guns add spaces.
 */
export function code_clean(text) {
	const half = text.normalize("NFKC").replace(/\s+/g, "");
	return /^[\d-]+$/.test(half) ? half.replaceAll("-", "") : half;
}
