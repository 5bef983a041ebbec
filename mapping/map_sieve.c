#include "map_sieve_line.h"

#include <string.h>

#include "map_subject.h"
#include "map_terminology_table.h"

#define BITS 14			/* of the table: 16,384 slots */
#define SLOTS (1u << BITS)
#define ANY 0x80		/* every line of this type matters */

/* A code in the form in which it is compared; .n is 0 in an empty slot. */
struct known {
	struct sv_str code;
	unsigned char roles, prefix_roles;	/* bits 1 << enum map_role */
};

struct map_sieve {
	struct sv_arena *A;
	size_t shortest, longest;	/* of codes that stand for all below */
	size_t n;
	bool nomem;
	struct known slot[SLOTS];
};

/* Which code says what a resource is about. */
static const struct {
	const char *type;
	unsigned char roles;
} types[] = {
	{ "Observation", 1 << MAP_ROLE_OBSERVATION },
	{ "Condition", 1 << MAP_ROLE_CONDITION },
	{ "Procedure", 1 << MAP_ROLE_PROCEDURE },
	{ "DiagnosticReport", 1 << MAP_ROLE_OBSERVATION },
	{ "MedicationRequest", 1 << MAP_ROLE_MEDICATION },
	{ "MedicationAdministration", 1 << MAP_ROLE_MEDICATION },
	{ "MedicationStatement", 1 << MAP_ROLE_MEDICATION },
	{ "MedicationDispense", 1 << MAP_ROLE_MEDICATION },
	{ "Patient", ANY }, { "Bundle", ANY }
};

/*
 * Codes are compared without dots (ICD-10 comes with and without), and with
 * one kind of dash (Salvor's own concepts come in both).
 */
static size_t
plain(struct sv_str code, char buf[MAP_CODE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < code.n && n < MAP_CODE_MAX; i++) {
		if (code.p[i] != '.')
			buf[n++] = code.p[i] == '_' ? '-' : code.p[i];
	}
	return n;
}

/* The first and the last eight bytes, and how many there are. */
static uint32_t
hash(const char *p, size_t n)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, p, n < 8 ? n : 8);
	if (n > 8)
		memcpy(&b, p + n - 8, 8);
	a = (a ^ (b << 7 | b >> 57) ^ n) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(a >> (64 - BITS));
}

/* The slot of the code, or the empty one where it would be. */
static const struct known *
find(const struct map_sieve *S, const char *p, size_t n)
{
	const struct known *k = &S->slot[hash(p, n)];

	while (k->code.n != 0 && (k->code.n != n
	    || memcmp(k->code.p, p, n) != 0))
		k = k + 1 == S->slot + SLOTS ? S->slot : k + 1;
	return k;
}

static void
add(struct map_sieve *S, struct sv_str code, unsigned char roles, bool prefix)
{
	char buf[MAP_CODE_MAX];
	size_t n = plain(code, buf);
	struct known *k;

	if (n == 0)
		return;
	k = &S->slot[find(S, buf, n) - S->slot];
	if (k->code.n == 0) {
		k->code = S->n++ < SLOTS / 2 ? sv_arena_str(S->A,
		    (struct sv_str){ buf, n }) : (struct sv_str){ NULL, 0 };
		if (k->code.p == NULL) {
			S->nomem = true;
			return;
		}
	}
	k->roles |= roles;
	if (!prefix)
		return;
	k->prefix_roles |= roles;
	if (S->shortest == 0 || n < S->shortest)
		S->shortest = n;
	if (n > S->longest)
		S->longest = n;
}

static void
add_known(void *ctx, const struct map_known_code *c)
{
	add(ctx, c->code, (unsigned char)(1 << c->role), c->prefix);
}

struct sv_status
map_sieve_make(struct sv_arena *A, const struct map_terminology *t,
    struct map_sieve **ret)
{
	struct map_sieve *S = sv_arena_zalloc(A, 1, sizeof(*S));

	SV_ENSURE(S != NULL, SV_NOMEM);
	S->A = A;
	map_terminology_each(t, &(struct map_code_visitor){ add_known, S });
	/* Salvor's own codes need no map, and may stand in any place. */
	for (int c = CORE_CONCEPT_NONE + 1; c < CORE_CONCEPT_MAX; c++)
		add(S, core_concept_name((enum core_concept)c),
		    (1 << MAP_ROLE_MAX) - 1, false);
	SV_ENSURE(!S->nomem, SV_NOMEM);
	*ret = S;
	return SV_OK;
}

/* The first ${d} at or behind ${p}; ${end} if there is none. */
static const char *
search(struct sv_str d, const char *p, const char *end)
{
	return p + sv_str_find((struct sv_str){ p, (size_t)(end - p) }, d);
}

/* The roles in which a code of this resource matters; 0: none.  Of a type that
 * is read, but has no row above, every line matters. */
static unsigned char
roles_of(struct sv_str type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (sv_str_is(type, types[i].type))
			return types[i].roles;
	}
	return map_is_clinical(type) || map_is_supporting(type) ? ANY : 0;
}

static bool
is_known(const struct map_sieve *S, struct sv_str code, unsigned char roles)
{
	char buf[MAP_CODE_MAX];
	size_t n;

	if (code.n == 0 || code.n > MAP_CODE_MAX)
		return false;
	n = plain(code, buf);
	if ((find(S, buf, n)->roles & roles) != 0)
		return true;
	for (size_t k = S->shortest; k <= S->longest && k < n && k > 0; k++) {
		if ((find(S, buf, k)->prefix_roles & roles) != 0)
			return true;
	}
	return false;
}

/* Does the escape at ${p} stand for a character that names and codes are made
 * of: a digit, a letter, "-", "." or "_"?  The others, such as \u003c in
 * narratives, hide nothing.  The digits are compared by their letters, since
 * they come in either case. */
static bool
hides(const char *p, const char *end)
{
	static const char low[] = "0123456789aAbBcCdDeEfF";
	const char *digit;

	if (end - p < 6 || memcmp(p, "\\u00", 4) != 0)
		return false;
	digit = memchr(low, p[5], sizeof(low) - 1);
	switch (p[4]) {
	case '2':	/* - . */
		return digit != NULL && memchr("dDeE", *digit, 4) != NULL;
	case '3':	/* 0 to 9 */
		return digit != NULL && digit < low + 10;
	case '4':
	case '5':
	case '6':
	case '7':
		return digit != NULL;
	default:
		return false;
	}
}

static bool
hides_any(struct map_sieve_scan *c, const char *from, const char *end)
{
	for (;;) {
		if (c->escape < from) {
			c->escape = memchr(from, '\\', (size_t)(c->end - from));
			if (c->escape == NULL)
				c->escape = c->end;
		}
		if (c->escape >= end)
			return false;
		if (hides(c->escape, end))
			return true;
		from = c->escape + 1;
	}
}

static bool
has_known_code(struct map_sieve_scan *c, struct sv_str line,
    unsigned char roles)
{
	static const struct sv_str name = SV_STATIC("\"code\"");
	const char *from = line.p, *end = line.p + line.n;

	for (;;) {
		if (c->code < from)
			c->code = search(name, from, c->end);
		if (c->code >= end)
			return false;
		from = c->code + name.n;
		if (is_known(c->sieve, map_sieve_value(from, end), roles))
			return true;
	}
}

/* The drug may be coded in another resource, or, as R5 has it, deeper. */
static bool
is_coded_elsewhere(struct sv_str line, unsigned char roles)
{
	static const struct sv_str name = SV_STATIC("\"medication");
	const char *p = line.p, *end = line.p + line.n;

	if ((roles & 1 << MAP_ROLE_MEDICATION) == 0)
		return false;
	while ((p = search(name, p, end)) < end) {
		struct sv_str rest = { p + name.n, (size_t)(end - p) - name.n };

		if (sv_str_starts(rest, SV_LIT("\""))
		    || sv_str_starts(rest, SV_LIT("Reference\"")))
			return true;
		p++;
	}
	return false;
}

/* The resource has a modifierExtension, which is said to the clinician. */
static bool
is_modified(struct map_sieve_scan *c, struct sv_str line)
{
	static const struct sv_str name = SV_STATIC("\"modifierExtension\"");

	if (c->modifier < line.p)
		c->modifier = search(name, line.p, c->end);
	return c->modifier < line.p + line.n;
}

/* What says nothing now may take back what it said. */
static bool
replaces(const struct map_sieve_scan *c, struct sv_str line,
    struct sv_str type)
{
	struct sv_str id;

	if (c->known == NULL)
		return false;
	id = map_sieve_id(line, type);
	return id.p == NULL || sv_str_chr(id, '\\') < id.n
	    || c->known(c->ctx, line, type, id);
}

static bool
can_matter(struct map_sieve_scan *c, struct sv_str line)
{
	const char *end = line.p + line.n;
	struct sv_str type = map_sieve_type(line);
	unsigned char roles = roles_of(type);

	if (type.p == NULL || line.p[line.n - 1] != '}'
	    || sv_str_chr(type, '\\') < type.n || roles == ANY)
		return true;
	if (roles == 0)
		return false;
	if (has_known_code(c, line, roles) || hides_any(c, line.p, end))
		return true;
	return is_modified(c, line) || is_coded_elsewhere(line, roles)
	    || replaces(c, line, type);
}

struct map_sieve_scan
map_sieve_begin(const struct map_sieve *S, struct sv_str block, int64_t line)
{
	/* NULL is before any block: nothing has been found yet. */
	return (struct map_sieve_scan){ .sieve = S, .at = block.p,
		.end = block.p + block.n, .line = line };
}

bool
map_sieve_next(struct map_sieve_scan *c, struct sv_str *ret)
{
	while (c->at < c->end) {
		const char *eol = memchr(c->at, '\n', (size_t)(c->end - c->at));
		struct sv_str line = { c->at, (size_t)((eol != NULL ? eol
		    : c->end) - c->at) };

		c->at = eol != NULL ? eol + 1 : c->end;
		c->line++;
		while (line.n > 0 && map_sieve_is_space(line.p[line.n - 1]))
			line.n--;
		if (line.n == 0)
			continue;
		*ret = line;
		if (can_matter(c, line))
			return true;
		c->dropped++;
	}
	return false;
}
