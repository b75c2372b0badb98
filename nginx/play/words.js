// The words that the API uses, in Chinese. Tables only.

/** Of an order as it is shown: see order_state() in state.js. Text and look. */
export const ORDER_STATES = {
	pending: ["待支付", "wait"], late: ["已超时", "off"], closing: ["关闭中", "wait"],
	expired: ["已超时", "off"], cancelled: ["已取消", "off"], paid: ["已支付", "good"],
	used: ["已核销", "done"],
};

/** Of the money of an order, where there is something to say. */
export const PAY_STATES = {
	part_refunded: ["部分退款", "off"], refunded: ["已退款", "off"],
};

export const ITEM_STATES = {
	held: ["待支付", "wait"], booked: ["已订", "good"], used: ["已核销", "done"],
	released: ["已取消", "off"],
};

/** `processing` is all that customers see before the end. */
export const REFUND_STATES = {
	processing: ["处理中", "wait"], created: ["待发出", "wait"], accepted: ["渠道处理中", "wait"],
	succeeded: ["已退款", "good"], stuck: ["卡住了", "bad"], by_hand: ["线下已退", "good"],
	void: ["已换号重退", "off"],
};

/** Why a refund is stuck, in the channel's own words; others are shown as they are. */
const TROUBLES = { ABNORMAL: "顾客的收款账户异常", CLOSED: "渠道关闭了这笔退款" };

export const trouble_words = (trouble) =>
	trouble in TROUBLES ? `${TROUBLES[trouble]}（${trouble}）` : trouble;

export const REFUND_CAUSES = {
	cancel: "顾客取消", staff: "球馆退款", venue: "球馆取消", late: "超时后到账", surplus: "重复付款",
	reconcile: "对账退款",
};

export const CHANNELS = { wechat: "微信支付", alipay: "支付宝" };
export const METHODS = { jsapi: "小程序", native: "扫码" };

export const ATTEMPT_STATES = {
	created: ["未发出", "off"], prepaid: ["待付", "wait"], paid: ["已付", "good"],
	closed: ["已关闭", "off"], surplus: ["多付", "bad"],
};

export const WORK_KINDS = {
	refund_stuck: "退款卡住或延迟", strange_payment: "异常收款", reconcile: "对账差异",
	refunded_twice: "重复退款",
	shipping_stuck: "发货信息卡住", sold_outside: "停业影响的订单",
};

/** Of what a work item tells; anything else keeps its own name. */
export const WORK_DETAILS = {
	trouble: "卡住的原因", cause: "为何退款", reason: "退款说明", amount_fen: "金额", out_refund_no: "退款单号", channel: "渠道",
	outcome: "结果", notice_id: "通知编号", out_trade_no: "商户单号",
	transaction_id: "渠道单号", told_fen: "通知金额", day: "日期", class: "差异",
	what: "对象", number: "单号", line: "账单行", ours: "我方", theirs: "渠道",
	ours_fen: "我方金额", theirs_fen: "渠道金额", attempt_id: "支付编号",
};

export const VIOLATION_KINDS = { expired: "下单后超时未付" };

/** Fields of requests, for whoever filled them in. */
const FIELDS = {
	amount_fen: "金额", reason: "原因", note: "说明", number: "订单号", phone: "手机号",
	date: "日期", state: "状态", release: "释放的时段", items: "时段", periods: "时段",
	refund_fen: "退款金额", channel: "支付方式", code: "入场码", venue_id: "球馆",
	username: "用户名", password: "密码",
};

/** "periods[2].start" is about the periods; "" if nothing more can be said. */
export const field_word = (field) => FIELDS[field?.match(/^\w+/)?.[0]] ?? "";
