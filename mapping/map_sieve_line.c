#include "map_sieve_line.h"

#include <string.h>

bool
map_sieve_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && map_sieve_is_space(*p))
		p++;
	return p;
}

/* A string behind a name: ${p} is behind the name's closing quote.  .p is NULL
 * if something else is there. */
struct sv_str
map_sieve_value(const char *p, const char *end)
{
	struct sv_str none = { NULL, 0 };
	const char *quote;

	p = skip_space(p, end);
	if (p == end || *p != ':')
		return none;
	p = skip_space(p + 1, end);
	if (p == end || *p != '"')
		return none;
	p++;
	quote = memchr(p, '"', (size_t)(end - p));
	return quote == NULL ? none : (struct sv_str){ p, (size_t)(quote - p) };
}

/* The type of the resource on the line, if there is exactly one resourceType;
 * .p is NULL if that is not sure.  Mostly it comes first. */
struct sv_str
map_sieve_type(struct sv_str line)
{
	static const struct sv_str name = SV_STATIC("\"resourceType\"");
	const char *end = line.p + line.n, *p = line.p, *found = NULL;
	struct sv_str none = { NULL, 0 }, rest;

	p = skip_space(p, end);
	if (p == end || *p != '{')
		return none;
	p = skip_space(p + 1, end);
	rest = (struct sv_str){ p, (size_t)(end - p) };
	if (sv_str_starts(rest, name))
		return map_sieve_value(p + name.n, end);
	for (; (size_t)(end - p) >= name.n; p++) {
		p = memchr(p, '"', (size_t)(end - p));
		if (p == NULL || (size_t)(end - p) < name.n)
			break;
		if (memcmp(p, name.p, name.n) != 0)
			continue;
		if (found != NULL)
			return none;
		found = p;
	}
	return found == NULL ? none : map_sieve_value(found + name.n, end);
}

/* The id of the resource, if it stands before or behind the type at the front;
 * .p is NULL if it may be anywhere. */
struct sv_str
map_sieve_id(struct sv_str line, struct sv_str type)
{
	static const struct sv_str name = SV_STATIC("\"id\"");
	const char *end = line.p + line.n, *p = skip_space(line.p, end);
	struct sv_str none = { NULL, 0 };

	p = skip_space(p + 1, end);
	if (sv_str_starts((struct sv_str){ p, (size_t)(end - p) }, name))
		return map_sieve_value(p + name.n, end);
	if (type.p > end || type.p - p > 32)
		return none;
	p = skip_space(type.p + type.n + 1, end);
	if (p == end || *p != ',')
		return none;
	p = skip_space(p + 1, end);
	return sv_str_starts((struct sv_str){ p, (size_t)(end - p) }, name)
	    ? map_sieve_value(p + name.n, end) : none;
}
