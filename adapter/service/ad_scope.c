#include "ad_scope.h"

#include <string.h>

/* "cud" of version 2: some of c r u d s, each once and in this order. */
static bool
is_acts(struct sv_str s)
{
	static const char order[] = "cruds";
	const char *at = order;

	for (size_t i = 0; i < s.n; i++) {
		at = memchr(at, s.p[i], (size_t)(order + 5 - at));
		if (at == NULL)
			return false;
		at++;
	}
	return s.n > 0;
}

static bool
acts_allow(struct sv_str acts, char act)
{
	if (sv_str_is(acts, "*"))
		return true;
	if (sv_str_is(acts, "read"))
		return act == 'r' || act == 's';
	if (sv_str_is(acts, "write"))
		return act == 'c' || act == 'u' || act == 'd';
	return is_acts(acts) && memchr(acts.p, act, acts.n) != NULL;
}

static bool
allows(struct sv_str scope, char act, struct sv_str type)
{
	struct sv_str rest = sv_str_from(scope, strlen("system/")), t;
	size_t dot = sv_str_chr(rest, '.');

	t = (struct sv_str){ rest.p, dot };
	return sv_str_starts(scope, SV_LIT("system/"))
	    && (sv_str_is(t, "*") || (type.n > 0 && sv_str_eq(t, type)))
	    && acts_allow(sv_str_from(rest, dot + 1), act);
}

bool
ad_scope_allows(struct sv_str scopes, char act, struct sv_str type)
{
	while (scopes.n > 0) {
		if (allows(sv_str_cut(&scopes, ' '), act, type))
			return true;
	}
	return false;
}
