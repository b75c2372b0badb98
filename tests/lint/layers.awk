# An include may only point downwards, to a folder on a lower line. Folders of one line don't
# know each other; "web" knows no domain. A folder's name is its content, and it has 25 files at most.
# tests/unit/<folder> tests lib/<folder>.
BEGIN {
	lines = "base" \
		"|codec" \
		"|db net" \
		"|job channel" \
		"|message guard audit work" \
		"|account wechat venue wechatpay alipay" \
		"|login setup order" \
		"|pay checkin tell hours" \
		"|reconcile shipping" \
		"|web" \
		"|oauth" \
		"|fcgi jobs" \
		"|tests"
	n = split(lines, line, "|")
	for (i = 1; i <= n; i++) {
		m = split(line[i], folder, " ")
		for (j = 1; j <= m; j++) rank[folder[j]] = i
	}
}
FNR == 1 {
	split(FILENAME, p, "/"); me = p[1] == "lib" ? p[2] : p[1]
	if (p[1] == "lib" && ++files[me] == 26) { printf "lib/%s has more than 25 files\n", me; bad = 1 }
	if (p[2] == "unit" && !(p[3] in rank)) { printf "%s: there is no lib/%s\n", FILENAME, p[3]; bad = 1 }
}
/^#include "[a-z]+\// {
	split($2, q, /["\/]/); it = q[2]
	if (!(me in rank)) { printf "%s: %s has no layer\n", FILENAME, me; bad = 1; next }
	if (it == me) next
	if (me == "web" ? rank[it] > rank["net"] : me == "jobs" ? it == "web" : !(it in rank) || rank[it] >= rank[me]) {
		printf "%s:%d: %s must not include %s\n", FILENAME, FNR, me, it; bad = 1
	}
}
/^#include ["<]\.\./ || /^#include </ && match($2, /[a-z]+\//) && substr($2, RSTART, RLENGTH - 1) in rank {
	printf "%s:%d: an own header is included as \"folder/file.h\"\n", FILENAME, FNR; bad = 1
}
# A handler's own transaction is under the caller's rights (web/web.h), which tx_begin() knows nothing of.
(me == "fcgi" || me == "oauth") && /(^|[^a-z_])tx_begin([^a-z_]|$)/ {
	printf "%s:%d: a handler begins a transaction by own_begin()\n", FILENAME, FNR; bad = 1
}
END { exit bad }
