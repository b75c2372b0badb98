#ifndef ACCOUNT_ENTRY_H
#define ACCOUNT_ENTRY_H

/* SQL: this account may come in as staff by a way other than its password. A scan
 * or a code proves who somebody is, and never makes an account or a right. */
#define ACCOUNT_IS_STAFF(a)                                              \
	"(" a                                                            \
	".disabled_at IS NULL AND EXISTS (SELECT 1 FROM account_role ar" \
	" JOIN role_permission rp ON rp.role = ar.role"                  \
	" WHERE ar.account_id = " a ".id AND rp.permission = 'staff'))"

/* SQL: the account of a person who is no member of staff. */
#define ACCOUNT_IS_CUSTOMER(a)                                         \
	"(" a                                                          \
	".left_at IS NULL AND NOT EXISTS (SELECT 1 FROM staff_login l" \
	" WHERE l.account_id = " a ".id))"

#endif
