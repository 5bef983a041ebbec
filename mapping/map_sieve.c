#include "map_sieve_line.h"

#include <string.h>

#include "map_subject.h"
#include "map_terminology_table.h"

#define BITS 14			/* of the table: 16,384 slots */
#define SLOTS (1u << BITS)
#define FILTER_BITS 16		/* 8 KiB, which stay in the cache */
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
	/* A bit for the hash of each code: most are not known. */
	uint64_t filter[(1 << FILTER_BITS) / 64];
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
struct plain {
	size_t n;
	uint64_t hash;
	char p[MAP_CODE_MAX];
};

/* FNV-1a (RFC 9923), with a factor that spreads to the upper bits, which are
 * the ones used. */
static void
plain_add(struct plain *b, char c)
{
	if (c == '.')
		return;
	c = c == '_' ? '-' : c;
	b->p[b->n++] = c;
	b->hash = (b->hash ^ (unsigned char)c) * 0x9e3779b97f4a7c15u;
}

static void
plain_begin(struct plain *b)
{
	b->n = 0;
	b->hash = 0xcbf29ce484222325u;
}

static struct plain
plain_of(struct sv_str code)
{
	struct plain b;

	plain_begin(&b);
	for (size_t i = 0; i < code.n && b.n < MAP_CODE_MAX; i++)
		plain_add(&b, code.p[i]);
	return b;
}

/* The slot of the code, or the empty one where it would be. */
static const struct known *
find(const struct map_sieve *S, const struct plain *b)
{
	const struct known *k = &S->slot[b->hash >> (64 - BITS)];

	while (k->code.n != 0 && (k->code.n != b->n
	    || memcmp(k->code.p, b->p, b->n) != 0))
		k = k + 1 == S->slot + SLOTS ? S->slot : k + 1;
	return k;
}

static void
note_hash(struct map_sieve *S, const struct plain *b)
{
	uint64_t i = b->hash >> (64 - FILTER_BITS);

	S->filter[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool
may_be_known(const struct map_sieve *S, const struct plain *b)
{
	uint64_t i = b->hash >> (64 - FILTER_BITS);

	return (S->filter[i / 64] >> (i % 64) & 1) != 0;
}

static void
add(struct map_sieve *S, struct sv_str code, unsigned char roles, bool prefix)
{
	struct plain b = plain_of(code);
	struct known *k;

	if (b.n == 0)
		return;
	k = &S->slot[find(S, &b) - S->slot];
	if (k->code.n == 0) {
		k->code = S->n++ < SLOTS / 2 ? sv_arena_str(S->A,
		    (struct sv_str){ b.p, b.n }) : (struct sv_str){ NULL, 0 };
		if (k->code.p == NULL) {
			S->nomem = true;
			return;
		}
	}
	note_hash(S, &b);
	k->roles |= roles;
	if (!prefix)
		return;
	k->prefix_roles |= roles;
	if (S->shortest == 0 || b.n < S->shortest)
		S->shortest = b.n;
	if (b.n > S->longest)
		S->longest = b.n;
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

/* Does ${b}, or what begins with it, matter? */
static bool
stands_for(const struct map_sieve *S, const struct plain *b,
    unsigned char roles)
{
	return b->n >= S->shortest && b->n <= S->longest && may_be_known(S, b)
	    && (find(S, b)->prefix_roles & roles) != 0;
}

static bool
is_known(const struct map_sieve *S, struct sv_str code, unsigned char roles)
{
	struct plain b;

	if (code.n == 0 || code.n > MAP_CODE_MAX)
		return false;
	plain_begin(&b);
	for (size_t i = 0; i < code.n; i++) {
		plain_add(&b, code.p[i]);
		if (stands_for(S, &b, roles))
			return true;
	}
	return may_be_known(S, &b) && (find(S, &b)->roles & roles) != 0;
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
