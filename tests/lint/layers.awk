# An include may only point downwards:
# base < io < guard, message < account, audit, venue < order < pay, checkin, tell < web-free jobs; web knows no domain,
# oauth is what pools share that give out tokens.
BEGIN {
	rank["base"] = 1
	rank["io"] = 2
	rank["message"] = 3; rank["guard"] = 3
	rank["account"] = 4; rank["audit"] = 4; rank["venue"] = 4
	rank["order"] = 5
	rank["checkin"] = 6; rank["pay"] = 6; rank["tell"] = 6
	rank["web"] = 6.5
	rank["oauth"] = 7
	rank["fcgi"] = 8; rank["jobs"] = 8
	rank["tests"] = 9
}
FNR == 1 { split(FILENAME, p, "/"); me = p[1] == "lib" ? p[2] : p[1] }
/^#include "[a-z]+\// {
	split($2, q, /["\/]/); it = q[2]
	if (!(me in rank)) { printf "%s: %s has no layer\n", FILENAME, me; bad = 1 }
	if (it == me || me == "fcgi" && it == me) next
	if (me == "web" ? rank[it] > 2 : me == "jobs" ? it == "web" : rank[it] >= rank[me]) {
		printf "%s:%d: %s must not include %s\n", FILENAME, FNR, me, it; bad = 1
	}
}
END { exit bad }
