// Our own HTTP API: bearer token, idempotency keys, errors that can be shown to people.

const TIMEOUT_MS = 25_000; /* longer than the gateway's own limit */

/** Every failed call ends as one of these; `message` is Chinese and fit to be shown. */
export class ApiError extends Error {
	constructor(code, message, more = {}) {
		super(message);
		this.code = code;
		this.status = more.status ?? 0;
		this.field = more.field ?? null;
		this.until = more.until ?? null; /* RFC 3339: when a ban ends */
		this.detail = more.detail ?? null; /* what exactly is in the way */
		this.request_id = more.request_id ?? null;
	}

	/** Whether it may have been carried out: then only the same key may try again. */
	get is_unknown() {
		return this.status === 0 || this.status >= 500 || this.status === 429;
	}
}

/** How far the server's clock is ahead of this one, so that a countdown tells its time. */
let clock_skew_ms = 0;
export const server_now_ms = () => Date.now() + clock_skew_ms;

function clock_learn(response) {
	const date = Date.parse(response.headers.get("Date") ?? "");
	if (Number.isFinite(date) && Math.abs(date - Date.now()) > 2000)
		clock_skew_ms = date - Date.now();
}

/** fetch() whose only failure is an ApiError; statuses other than 2xx are the caller's. */
export async function fetch_or_explain(url, options, unreachable) {
	const limit = AbortSignal.timeout(TIMEOUT_MS);
	const signal = options?.signal ? AbortSignal.any([options.signal, limit]) : limit;
	try {
		return await fetch(url, { ...options, signal });
	} catch (cause) {
		if (options?.signal?.aborted)
			throw cause;
		if (cause.name === "TimeoutError")
			throw new ApiError("timeout", "等待太久没有回应，请重试");
		throw new ApiError("network", unreachable);
	}
}

/** The JSON of a successful answer; one that breaks off is as good as none. */
async function answer_of(response) {
	try {
		return await response.json();
	} catch {
		throw new ApiError("answer_broken", "服务器的回答不完整，请重试");
	}
}

async function error_of(response) {
	const body = await response.json().catch(() => null);
	const status = response.status;
	const error = body?.error;
	if (typeof error === "string")
		return new ApiError(error, body.message ?? "登录失败，请稍后再试",
			{ status, request_id: body.request_id });
	return new ApiError(error?.code ?? `http_${status}`,
		error?.message ?? `服务器没有给出可读的回答（${status}）`,
		{ status, field: error?.field, until: error?.until, detail: error?.detail,
			request_id: error?.request_id });
}

/**
 * One signed-in (or guest) party. Its tokens live in sessionStorage under the party's name,
 * except that staff's refresh token is a cookie which no script can read.
 */
export class Client {
	#name;
	#keys = new Map();
	#refreshing = null;

	/** Called with the ApiError when the server no longer knows the token. */
	on_signed_out = () => {};

	constructor(name) {
		this.#name = name;
	}

	get token() {
		return sessionStorage.getItem(`zx.${this.#name}.token`);
	}

	get is_signed_in() {
		return this.token !== null;
	}

	/** Forgets the tokens of a session that is over. */
	sign_out() {
		sessionStorage.removeItem(`zx.${this.#name}.token`);
		sessionStorage.removeItem(`zx.${this.#name}.refresh`);
		this.#keys.clear();
	}

	/** Ends the session here at once, and at the server if it can be reached. */
	leave() {
		this.#send("/api/v1/logout", { method: "POST" }, this.token).catch(() => {});
		this.sign_out();
	}

	/** Takes the members of one OAuth2 grant (RFC 6749, form encoded). */
	sign_in(grant) {
		const by_password = grant.grant_type === "password";
		const device = by_password && localStorage.getItem("device");
		const by_cookie = by_password ? { deliver: "cookie", ...(device && { device }) } : {};
		return this.#exchange({ ...grant, ...by_cookie });
	}

	async #exchange(grant) {
		const response = await this.#fetch("/oauth2/token", {
			method: "POST", body: new URLSearchParams(grant),
		});
		if (!response.ok)
			throw await error_of(response);
		const { access_token, refresh_token, device } = await answer_of(response);
		if (device)
			localStorage.setItem("device", device);
		sessionStorage.setItem(`zx.${this.#name}.token`, access_token);
		if (refresh_token)
			sessionStorage.setItem(`zx.${this.#name}.refresh`, refresh_token);
	}

	/** A new access token for one that is over; calls at the same time share the exchange. */
	#refresh() {
		const token = sessionStorage.getItem(`zx.${this.#name}.refresh`);
		const own = token ? { refresh_token: token } : {};
		this.#refreshing ??= this.#exchange({ grant_type: "refresh_token", ...own })
			.finally(() => { this.#refreshing = null; });
		return this.#refreshing;
	}

	async get(path, signal) {
		return answer_of(await this.#call(path, { signal }));
	}

	/** An image of the API as an object URL; the caller revokes it. */
	async image(path, signal) {
		const response = await this.#call(path, { signal });
		return URL.createObjectURL(await response.blob());
	}

	/**
	 * Posts JSON (or nothing) under an idempotency key. The key is kept while the outcome
	 * is unknown, so that asking again for the same thing can't do it twice, and dropped
	 * once it is known.
	 */
	async post(path, body) {
		const attempt = `${path}\n${JSON.stringify(body)}`;
		const key = this.#keys.get(attempt) ?? crypto.randomUUID();
		this.#keys.set(attempt, key);
		try {
			const answer = await this.tell(path, body, { "Idempotency-Key": key });
			this.#keys.delete(attempt);
			return answer;
		} catch (error) {
			if (error instanceof ApiError && !error.is_unknown)
				this.#keys.delete(attempt);
			throw error;
		}
	}

	/** Posts what may be said again and again: it needs no key. */
	async tell(path, body, headers = {}) {
		const type = body === undefined ? {} : { "Content-Type": "application/json" };
		return answer_of(await this.#call(path, {
			method: "POST", body: JSON.stringify(body),
			headers: { ...headers, ...type },
		}));
	}

	async #fetch(path, options) {
		const response = await fetch_or_explain(path, options,
			"连不上服务器，请检查网络后重试");
		clock_learn(response);
		return response;
	}

	async #send(path, options, token) {
		const headers = { ...options.headers };
		if (token)
			headers.Authorization = `Bearer ${token}`;
		const response = await this.#fetch(path, { ...options, headers });
		if (response.ok)
			return response;
		throw await error_of(response);
	}

	async #call(path, options) {
		const token = this.token;
		try {
			return await this.#send(path, options, token);
		} catch (error) {
			if (error.code !== "token_expired")
				throw this.#refused(error, token, error.status === 401);
		}
		try {
			await this.#refresh();
		} catch (error) {
			throw this.#refused(error, token, !error.is_unknown);
		}
		return this.#send(path, options, this.token);
	}

	/** Whose session is over is told so, once. */
	#refused(error, token, is_over) {
		if (is_over && token && token === this.token) {
			this.sign_out();
			this.on_signed_out(error);
		}
		return error;
	}
}
