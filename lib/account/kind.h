#ifndef ACCOUNT_KIND_H
#define ACCOUNT_KIND_H

/* Whose account it is, as SQL conditions on an alias of the table account. */

/* A member of staff: has a username, whether disabled or not. */
#define ACCOUNT_IS_MEMBER(a) \
	"EXISTS (SELECT 1 FROM staff_login l WHERE l.account_id = " a ".id)"

/* Somebody who is no member of staff and has not left. */
#define ACCOUNT_IS_CUSTOMER(a) "(" a ".left_at IS NULL AND NOT " ACCOUNT_IS_MEMBER(a) ")"

/* A member of staff who may log in by a way other than the password. A scan or a code
 * proves who somebody is; it never makes an account or gives a right. */
#define MAY_LOG_IN_AS_STAFF(a)                                           \
	"(" a                                                            \
	".disabled_at IS NULL AND EXISTS (SELECT 1 FROM account_role ar" \
	" JOIN role_permission rp ON rp.role = ar.role"                  \
	" WHERE ar.account_id = " a ".id AND rp.permission = 'staff'))"

#endif
