#include "core_params.h"

struct param_row {
	struct sv_str name, unit;
	struct sv_dec value;
	enum { WHOLE, EXACT } kind;
};

#define CORE_X(id, name, m, scale, unit, kind) \
	{ SV_STATIC(name), SV_STATIC(unit), { m, scale }, kind },
static const struct param_row params[] = { CORE_PARAMS(CORE_X) };
#undef CORE_X

void
core_params_default(struct core_params *ret)
{
	for (int i = 0; i < CORE_PARAM_COUNT; i++)
		ret->value[i] = params[i].value;
}

struct sv_str
core_param_name(enum core_param_id id)
{
	return params[id].name;
}

struct sv_str
core_param_unit(enum core_param_id id)
{
	return params[id].unit;
}

bool
core_param_is_whole(enum core_param_id id)
{
	return params[id].kind == WHOLE;
}

enum core_param_id
core_param_of(struct sv_str name)
{
	int i = 0;

	while (i < CORE_PARAM_COUNT && !sv_str_eq(params[i].name, name))
		i++;
	return (enum core_param_id)i;
}

int32_t
core_param_int(const struct core_params *p, enum core_param_id id)
{
	int64_t m = p->value[id].m;

	for (int32_t s = p->value[id].scale; s > 0; s--)
		m /= 10;
	return (int32_t)m;
}
