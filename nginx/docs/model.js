// The description as the page needs it: references followed, operations in order, limits in
// words.

import { table_rows } from "./markdown.js";

const METHODS = new Set(["get", "post", "put", "delete"]);
const PERMISSIONS = { user: "已登录", staff: "员工", checkin: "员工 · 核销权限" };

export class Description {
	constructor(document) {
		this.document = document;
		this.info = document.info;
		this.errors = new Map(table_rows(document.info.description, "错误")
			.map((row) => [row.code, row]));
		this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
			Object.keys(item).filter((name) => METHODS.has(name))
				.map((method) => this.#operation(path, method, item)));
		const of = (tag) => this.operations.filter((each) => each.tags.includes(tag));
		this.groups = document.tags.map((tag) =>
			({ name: tag["x-displayName"], operations: of(tag.name) }));
	}

	/** Follows references; what stands beside a reference wins. */
	resolve(node) {
		while (node?.$ref) {
			const { $ref, ...beside } = node;
			const names = $ref.slice(2).split("/");
			const target = names.reduce((at, name) => at[name], this.document);
			node = { ...target, ...beside };
		}
		return node;
	}

	#operation(path, method, item) {
		const raw = item[method];
		const parameters = [...(item.parameters ?? []), ...(raw.parameters ?? [])];
		const responses = Object.entries(raw.responses)
			.map(([status, response]) => ({ status, ...this.resolve(response) }));
		const permission = raw.security[0]?.bearer?.[0] ?? null;
		return {
			...raw, path, method: method.toUpperCase(), responses, permission,
			parameters: parameters.map((each) => this.resolve(each)),
			body: this.#content(this.resolve(raw.requestBody)),
			codes: responses.flatMap((response) => this.error_codes(response)),
		};
	}

	#content(holder) {
		const [type, media] = Object.entries(holder?.content ?? {})[0] ?? [];
		if (!type)
			return null;
		return { type, schema: media.schema, examples: this.examples(media) };
	}

	examples(media) {
		return Object.values(media.examples ?? {}).map((each) => this.resolve(each));
	}

	content(response) {
		return this.#content(response);
	}

	/** The codes that a response narrows the error to; none for a success. */
	error_codes(response) {
		if (response.status < "400")
			return [];
		const collect = (schema) => {
			const error = schema.properties?.error;
			const own = error?.enum ?? error?.properties?.code?.enum ?? [];
			const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? [])];
			return [...own, ...parts.flatMap(collect)];
		};
		return [...new Set(collect(this.content(response)?.schema ?? {}))];
	}

	/** What a value is, in words, and null where it may be null. */
	type(schema) {
		const known = this.resolve(schema);
		const types = [known.type].flat();
		return { schema: known, name: type_name(known, types[0]),
			nullable: types.includes("null") };
	}
}

function type_name(schema, type) {
	const formats = { "date-time": "时间", date: "日期", uri: "网址" };
	const names = { integer: "整数", string: "字符串", boolean: "布尔", array: "数组",
		object: "对象" };
	return formats[schema.format] ?? names[type] ?? "";
}

export const permission_text = (permission) =>
	permission ? PERMISSIONS[permission] ?? `员工 · ${permission}` : "游客";

const range = (from, to, unit) => {
	if (from !== undefined && to !== undefined)
		return from === to ? `${from}${unit}` : `${from} 至 ${to}${unit}`;
	if (from !== undefined)
		return `至少 ${from}${unit}`;
	return to === undefined ? null : `最多 ${to}${unit}`;
};

const SAFE = Number.MAX_SAFE_INTEGER;

/** The words of an enum, unless the description explains each of them anyway. */
const words = ({ enum: all = [], description = "" }) =>
	all.every((word) => description.includes(`\`${word}\``)) ? [] : all;

/** The limits of a value, each as {text} or {code}. */
export function limits(schema) {
	const pattern = schema.format === "date-time" ? null : schema.pattern;
	const all = [
		schema.maximum === SAFE ? null : range(schema.minimum, schema.maximum, ""),
		range(schema.minLength, schema.maxLength, " 个字符"),
		range(schema.minItems, schema.maxItems, " 项"),
		schema.multipleOf ? `${schema.multipleOf} 的倍数` : null,
		schema.const !== undefined ? { code: schema.const } : null,
		...words(schema).map((code) => ({ code })),
		pattern ? { code: `/${pattern}/` } : null,
	];
	return all.filter((each) => each !== null)
		.map((each) => each.code === undefined ? { text: each } : each);
}
