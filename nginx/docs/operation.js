// One operation: what it is for, what it takes, what it gives, what can go wrong.

import { el, json_block } from "./dom.js";
import { field_list, parameter_list } from "./fields.js";
import { markdown } from "./markdown.js";
import { permission_text } from "./model.js";
import { tryout } from "./tryout.js";

const section = (title, ...content) => el("section", el("h2", title), content);

function heading(operation) {
	const { method, path } = operation;
	const pieces = path.split(/(?<=\/)/).flatMap((part) => [part, el("wbr")]);
	return [el("h1", { tabindex: "-1" }, operation.summary),
		el("p.path", el(`span.method.${method.toLowerCase()}`, method),
			el("code", pieces)),
		el("p.facts", el("span.tag.strong", permission_text(operation.permission)),
			operation.parameters.some((each) => each.name === "Idempotency-Key")
				? el("a.tag.strong", { href: "#幂等" }, "幂等") : null,
			el("code.op-id", operation.operationId))];
}

function code_list(description, codes) {
	return el("ul.codes", codes.map((code) => {
		const row = description.errors.get(code);
		return el("li", el("code", code), row ? el("span", row.message) : null,
			row?.怎么办 ? el("small", row.怎么办) : null);
	}));
}

function examples(content) {
	return (content?.examples ?? [])
		.map(({ value, summary }) => json_block(value, summary ?? "示例"));
}

/** Only shared headers that every answer carries are left out. */
function response_headers(description, response) {
	const named = Object.entries(response.headers ?? {})
		.filter(([name]) => name !== "X-Request-Id")
		.map(([name, header]) => ({ name, ...description.resolve(header) }));
	return named.length ? el("ul.headers", named.map((each) =>
		el("li", el("code", each.name), el("span", each.description)))) : null;
}

function response_node(description, response, open) {
	const content = description.content(response);
	const codes = description.error_codes(response);
	const is_plain = (content?.type ?? "application/json") === "application/json";
	const fields = content && !codes.length
		? description.type(content.schema).schema : null;
	return el("details.response", { open },
		el("summary", el(`span.status.s${response.status[0]}`, response.status),
			el("span", response.description),
			is_plain ? null : el("code", content.type)),
		el("div.response-body", response_headers(description, response),
			codes.length ? code_list(description, codes) : null,
			fields?.properties
				? field_list(description, content.schema, false) : null,
			examples(content)));
}

function responses(description, operation) {
	const own = operation.responses.filter((each) => !each["x-common"]);
	const common = operation.responses.filter((each) => each["x-common"]);
	const statuses = common.map((each) => each.status).join("、");
	return section("响应",
		own.map((each) => response_node(description, each, each.status < "300")),
		el("details.common", el("summary", `通用错误（${statuses}）`),
			common.map((each) => response_node(description, each, false))));
}

function body_section(description, operation) {
	const { type, schema } = operation.body;
	return section("请求正文", el("p.hint", el("code", type)),
		field_list(description, schema, true), examples(operation.body));
}

export function operation_view(description, operation) {
	const { parameters, body } = operation;
	return el("article.operation",
		el("div.text", heading(operation), markdown(operation.description),
			parameters.length
				? section("参数", parameter_list(description, parameters)) : null,
			body ? body_section(description, operation) : null,
			responses(description, operation)),
		el("aside.side", tryout(operation)));
}
