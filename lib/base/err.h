#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Every failure that a customer, a member of staff or another program can be
 * told about. One line is the whole definition: enum value, HTTP status, the
 * stable code on the wire, the Chinese sentence that people read. */
#define ERR_TABLE(X)                                                                        \
	X(OK, 200, "ok", "")                                                                \
	/* the request itself */                                                            \
	X(BAD_REQUEST, 400, "bad_request", "请求格式不正确")                                \
	X(BAD_BODY, 400, "bad_body", "请求正文不完整")                                      \
	X(BAD_JSON, 400, "bad_json", "请求正文不是合法的 JSON")                             \
	X(UNKNOWN_FIELD, 400, "unknown_field", "请求中有不认识的字段")                      \
	X(LENGTH_REQUIRED, 411, "length_required", "请求缺少 Content-Length")               \
	X(TOO_LARGE, 413, "too_large", "请求正文过大")                                      \
	X(MEDIA_TYPE, 415, "media_type", "请求的 Content-Type 不受支持")                    \
	X(BAD_FIELD, 422, "bad_field", "字段缺失或超出范围")                                \
	X(BAD_CURSOR, 400, "bad_cursor", "翻页游标无效")                                    \
	X(NOT_FOUND, 404, "not_found", "没有这个资源")                                      \
	X(METHOD, 405, "method_not_allowed", "此地址不支持该方法")                          \
	X(KEY_MISSING, 400, "idempotency_key_missing", "缺少 Idempotency-Key")              \
	X(KEY_INVALID, 400, "idempotency_key_invalid", "Idempotency-Key 不合法")            \
	X(KEY_REUSED, 422, "idempotency_key_reused", "Idempotency-Key 已用于另一个请求")    \
	X(VERSION_MISSING, 428, "version_missing", "缺少 If-Match")                         \
	X(VERSION_CHANGED, 412, "version_changed", "内容已被他人修改，请刷新后重试")        \
	X(NAME_TAKEN, 409, "name_taken", "名称已被使用")                                    \
	X(IN_USE, 409, "in_use", "仍有订单或其他内容依赖它")                                \
	X(SOLD_OUTSIDE, 409, "sold_outside", "有已售时段受影响，请先选择保留或全额退款")    \
	/* who asks */                                                                      \
	X(UNAUTHENTICATED, 401, "unauthenticated", "请先登录")                              \
	X(TOKEN_INVALID, 401, "token_invalid", "登录凭证无效")                              \
	X(TOKEN_EXPIRED, 401, "token_expired", "登录已过期，请重新登录")                    \
	X(SESSION_ENDED, 401, "session_ended", "登录已失效，请重新登录")                    \
	X(FORBIDDEN, 403, "forbidden", "没有权限")                                          \
	X(SESSION_REPLACED, 401, "signed_in_elsewhere", "账号已在其他设备登录，请重新登录") \
	X(PASSWORD_CHANGE, 403, "password_change_required", "首次登录请先修改密码")         \
	X(PASSWORD_WEAK, 422, "password_weak", "密码过短或过于常见，请换一个")              \
	X(PHONE_CODE, 400, "phone_code_refused", "手机号授权码无效或已过期")                \
	X(PHONE_TAKEN, 409, "phone_taken", "该手机号已绑定其他账号")                        \
	X(WECHAT_TAKEN, 409, "wechat_taken", "该微信已绑定其他账号")                        \
	X(ACCOUNT_BUSY, 409, "account_busy", "还有未完成的订单或退款，暂不能注销")          \
	X(STAFF_ACCOUNT, 409, "staff_account", "员工账号由管理员在员工管理中处理")          \
	X(LAST_ADMIN, 409, "last_admin", "至少要保留一名可用的管理员")                      \
	X(ROLE_FIXED, 409, "role_fixed", "管理员角色的权限不能修改")                        \
	X(OWN_ACCOUNT, 409, "own_account", "不能对自己的账号进行此操作")                    \
	X(GRANT_TYPE, 400, "unsupported_grant_type", "不支持的登录方式")                    \
	X(LOGIN_REFUSED, 400, "invalid_grant", "账号或凭证不正确")                          \
	X(LOGIN_LOCKED, 429, "login_locked", "尝试次数过多，请稍后再试")                    \
	X(LOGIN_BLOCKED, 403, "login_blocked", "微信判定该用户存在风险，登录被拒绝")        \
	X(LOGIN_AGAIN, 403, "login_again", "登录已有一段时间，请重新登录后再操作")          \
	X(BUSY, 429, "too_many_requests", "请求过于频繁，请稍后再试")                       \
	X(SEARCH_SLOW, 503, "search_slow", "查询太慢，请多输入几个字")                      \
	/* venues and courts */                                                             \
	X(VENUE_NOT_FOUND, 404, "venue_not_found", "没有这个球馆")                          \
	X(SPORT_NOT_FOUND, 422, "sport_not_found", "该球馆没有这项运动")                    \
	X(COURT_NOT_FOUND, 422, "court_not_found", "该球馆没有这块场地")                    \
	X(DATE_OUTSIDE_WINDOW, 422, "date_outside_window", "日期不在可预订范围内")          \
	X(PRICE_HOLE, 422, "price_hole", "有营业时段没有价格")                              \
	X(TIERS_RISE, 422, "tiers_rise", "取消得越晚，退款不能越多")                        \
	X(HOURS_OVERLAP, 422, "hours_overlap", "营业时间互相重叠")                          \
	/* periods */                                                                       \
	X(PERIOD_PAST, 422, "period_past", "该时段已开始")                                  \
	X(PERIOD_UNALIGNED, 422, "period_unaligned", "时段未对齐到可订的整段时间")          \
	X(PERIOD_CLOSED, 422, "period_closed", "该时段不在营业时间内")                      \
	X(PERIOD_TOO_LONG, 422, "period_too_long", "单个时段超过球馆允许的最长时间")        \
	X(PERIOD_UNPRICED, 422, "period_unpriced", "该时段尚未定价，暂不可订")              \
	X(PERIOD_DUPLICATE, 422, "period_duplicate", "同一订单内的时段互相重叠")            \
	X(SLOT_TAKEN, 409, "slot_taken", "该时段已被预订")                                  \
	X(PRICE_CHANGED, 409, "price_changed", "价格已变化，请核对后重新下单")              \
	X(QUOTA, 409, "quota_exceeded", "已达到当日可预订时段的上限")                       \
	X(HOLDS_USED_UP, 409, "holds_used_up", "未支付或超时、放弃的订单过多，暂不能下单")  \
	X(BANNED, 403, "banned", "多次超时未支付，暂停预订")                                \
	X(PHONE_REQUIRED, 403, "phone_required", "该球馆需先绑定手机号才能预订")            \
	/* orders and money */                                                              \
	X(ORDER_STATE, 409, "order_state", "订单当前状态不允许此操作")                      \
	X(ORDER_EXPIRED, 409, "order_expired", "订单已超过支付时间")                        \
	X(ORDER_PAID, 409, "order_paid", "订单已支付")                                      \
	X(ORDER_UNPAID, 409, "order_unpaid", "订单尚未支付")                                \
	X(ORDER_CANCELLED, 409, "order_cancelled", "订单已取消")                            \
	X(ORDER_REPLACED, 409, "order_replaced", "您已另订同一时间的场地")                  \
	X(ORDER_REFUNDED, 409, "order_refunded", "订单已全额退款")                          \
	X(ITEM_CANCELLED, 409, "item_cancelled", "该时段已取消")                            \
	X(QUOTE_CHANGED, 409, "quote_changed", "可退金额已变化，请重新确认")                \
	X(CANCEL_TOO_LATE, 409, "cancel_too_late", "时段已开始，不能取消")                  \
	X(REFUND_TOO_MUCH, 409, "refund_too_much", "退款金额超过可退余额")                  \
	X(REFUND_LIMIT, 403, "refund_limit", "超过前台的退款限额，请店长处理")              \
	X(REFUND_STATE, 409, "refund_state", "退款当前状态不允许此操作")                    \
	X(REFUND_MAY_ARRIVE, 409, "refund_may_arrive", "渠道可能还会退款，请先重试退款")    \
	X(CHANNEL_OFF, 422, "channel_off", "该支付渠道未开通")                              \
	X(NO_OPENID, 409, "no_openid", "该账号未绑定微信，不能使用小程序支付")              \
	X(CHANNEL_REFUSED, 502, "channel_refused", "支付渠道拒绝了请求")                    \
	X(CHANNEL_UNKNOWN, 503, "channel_unknown", "支付渠道暂无回应，请稍后重试")          \
	X(NOTIFY_REFUSED, 401, "notify_refused", "通知验签失败")                            \
	X(CODE_NOT_READY, 404, "code_not_ready", "核销码正在生成")                          \
	/* check-in */                                                                      \
	X(CODE_UNKNOWN, 404, "code_unknown", "核销码不存在")                                \
	X(CODE_FORGED, 422, "code_forged", "核销码无效")                                    \
	X(WRONG_VENUE, 403, "wrong_venue", "该订单属于其他球馆")                            \
	X(OTHER_VENUE, 403, "other_venue", "涉及其他球馆，只能由管理员处理")                \
	X(CHECKED_IN, 409, "already_checked_in", "该订单已核销")                            \
	X(NOT_CHECKED_IN, 409, "not_checked_in", "没有这次核销，或已撤销")                  \
	X(UNDO_TOO_LATE, 409, "undo_too_late", "已超过可撤销核销的时间")                    \
	X(TOO_EARLY, 409, "checkin_too_early", "未到可核销时间")                            \
	X(TOO_LATE, 409, "checkin_too_late", "已过核销时间")                                \
	/* our own trouble */                                                               \
	X(RETRY, 503, "retry", "系统繁忙，请重试")                                          \
	X(DB_DOWN, 503, "database_down", "服务暂时不可用，请稍后重试")                      \
	X(UNKNOWN, 503, "outcome_unknown", "结果未知，请用同一 Idempotency-Key 重试")       \
	X(UPSTREAM, 503, "upstream_down", "外部服务暂时不可用，请稍后重试")                 \
	X(REPLAY, 500, "replay", "重放")                                                    \
	X(INTERNAL, 500, "internal", "系统内部错误")

enum err {
#define X(id, http, code, text) E_##id,
	ERR_TABLE(X)
#undef X
		ERR_COUNT
};

struct err_info {
	int http;
	const char *code, *text;
};
extern const struct err_info err_info[ERR_COUNT];

#define CHECKED __attribute__((warn_unused_result))

/* Return early on error. The only macro in the tree that changes control flow;
 * safe because request memory and handles belong to the arena. */
#define TRY(expr)                       \
	do {                            \
		enum err try_ = (expr); \
		if (try_ != E_OK)       \
			return try_;    \
	} while (0)

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

#endif
