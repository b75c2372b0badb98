// Lists of fields: parameters, bodies and answers, nested ones indented under their parents.

import { el } from "./dom.js";
import { inline } from "./markdown.js";
import { limits } from "./model.js";

const limit_node = (limit) =>
	limit.code !== undefined ? el("code", String(limit.code)) : el("span", limit.text);

/** One field; `depth` indents it. */
function field(description, name, schema, { required, depth = 0, says, place }) {
	const { schema: known, name: type, nullable } = description.type(schema);
	const items = known.items ? description.type(known.items) : null;
	const plain_items = items && !items.schema.properties;
	const facts = [...limits(known), ...(plain_items ? limits(items.schema) : [])];
	const text = says ?? description.resolve(schema).description ?? known.description;
	const of = plain_items ? `${items.name}${type}` : type;
	const need = required ? ["span.tag.must", "必填"] : ["span.tag", "可选"];
	return el("li.field", { "data-depth": depth },
		el("div.field-head",
			el("code.field-name", name),
			el("span.field-type", of + (nullable ? " 或 null" : "")),
			place ? el("span.tag", place) : null,
			required === undefined ? null : el(...need)),
		facts.length ? el("div.field-limits", facts.map(limit_node)) : null,
		text ? el("p.field-text", inline(text)) : null);
}

/** The fields of an object or of what an array holds, depth first. */
function nested(description, schema, asked, depth = 0) {
	const { schema: known } = description.type(schema);
	const holder = known.items ? description.type(known.items).schema : known;
	return Object.entries(holder.properties ?? {}).flatMap(([name, each]) => {
		const required = asked ? (holder.required ?? []).includes(name) : undefined;
		const label = description.type(each).schema.items ? `${name}[]` : name;
		return [field(description, label, each, { required, depth }),
			...nested(description, each, asked, depth + 1)];
	});
}

/** `asked`: what a client sends, so that each field is marked as needed or not. */
export const field_list = (description, schema, asked) =>
	el("ul.fields", nested(description, schema, asked));

const PLACES = { path: "路径", query: "查询", header: "请求头" };

export const parameter_list = (description, parameters) =>
	el("ul.fields", parameters.map((each) => field(description, each.name, each.schema, {
		required: Boolean(each.required), says: each.description,
		place: PLACES[each.in] })));
