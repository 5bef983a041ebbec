/*
 * Fetch one export, for tests of adapter/bulk:
 *
 *	bulk_fetch FOLDER BASE LEVEL [name=value ...]
 *
 * group, since, until, type (repeatable), filter, element, patient (repeatable),
 * post, get, repeat, ca, key, client, token-url, scope, parallel, deadline,
 * retry-ms, retries, max-bytes, spare-bytes, lenient, plain, end (also if it
 * failed: end=2), members.  Prints what was fetched as JSON, or the members, one
 * a line; the exit status is that of salvor.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_bulk.h"
#include "ad_memory.h"

#define MAX_LIST 64

static struct ad_bulk_options o = { .parallel = 3, .deadline_s = 600,
	.max_bytes = (int64_t)1 << 40, .ask_ms = 50, .retry_ms = 20,
	.retries = 4,
	.peer = { .timeout_s = 20 } };
static struct ad_smart_config smart;
static struct sv_str types[MAX_LIST], filters[MAX_LIST], patients[MAX_LIST],
    elements[MAX_LIST];
static int end_it;
static bool members;

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

static bool
is_list(const char *name, struct sv_str value)
{
	if (strcmp(name, "type") == 0)
		types[o.what.n_types++] = value;
	else if (strcmp(name, "filter") == 0)
		filters[o.what.n_filters++] = value;
	else if (strcmp(name, "element") == 0)
		elements[o.what.n_elements++] = value;
	else if (strcmp(name, "patient") == 0)
		patients[o.what.n_patients++] = value;
	else
		return false;
	return true;
}

static bool
is_text(const char *name, const char *value)
{
	const struct { const char *name; const char **to; } texts[] = {
		{ "ca", &o.peer.ca }, { "key", &smart.key_file },
		{ "client", &smart.client_id }, { "scope", &smart.scope },
		{ "token-url", &smart.token_url } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].to = value;
			return true;
		}
	}
	return false;
}

static bool
is_number(const char *name, const char *value)
{
	const struct { const char *name; int64_t *to; } numbers[] = {
		{ "deadline", &o.deadline_s }, { "retry-ms", &o.retry_ms },
		{ "max-bytes", &o.max_bytes }, { "spare-bytes", &o.spare_bytes }
	};
	const struct { const char *name; int *to; } small[] = {
		{ "parallel", &o.parallel }, { "retries", &o.retries },
		{ "end", &end_it } };
	const struct { const char *name; bool *to; } flags[] = {
		{ "lenient", &o.lenient_counts }, { "plain", &o.peer.plain },
		{ "members", &members } };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].to = atoll(value);
			return true;
		}
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(name, small[i].name) == 0)
			*small[i].to = (int)atoll(value);
		else if (strcmp(name, flags[i].name) == 0)
			*flags[i].to = strcmp(value, "0") != 0;
		else
			continue;
		return true;
	}
	return false;
}

/* What says how it is asked for. */
static bool
is_way(const char *name, const char *value)
{
	if (strcmp(name, "post") == 0)
		o.what.method = AD_BULK_POST;
	else if (strcmp(name, "get") == 0)
		o.what.method = AD_BULK_GET;
	else if (strcmp(name, "repeat") == 0)
		o.what.lists = AD_BULK_REPEAT;
	else if (strcmp(name, "group") == 0)
		o.what.group = sv_str_of(value);
	else if (strcmp(name, "since") == 0)
		o.what.since = sv_str_of(value);
	else if (strcmp(name, "until") == 0)
		o.what.until = sv_str_of(value);
	else
		return false;
	return true;
}

static void
read_argument(char *arg)
{
	char *value = strchr(arg, '=');

	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (!is_list(arg, sv_str_of(value)) && !is_text(arg, value)
	    && !is_number(arg, value) && !is_way(arg, value))
		exit(2);
}

static void
print(const struct ad_bulk_fetched *f)
{
	printf("{\"transactionTime\":\"%.*s\",\"failed\":%zu,\"files\":[",
	    SV_FMT(f->transaction_time), f->n_failed);
	for (size_t i = 0; i < f->n; i++)
		printf("%s{\"kind\":%d,\"type\":\"%.*s\",\"name\":\"%.*s\","
		    "\"lines\":%lld,\"bytes\":%lld,\"whole\":%s}",
		    i > 0 ? "," : "", (int)f->file[i].kind,
		    SV_FMT(f->file[i].type), SV_FMT(f->file[i].name),
		    (long long)f->file[i].lines, (long long)f->file[i].bytes,
		    f->file[i].whole ? "true" : "false");
	printf("],\"lines\":%lld,\"bytes\":%lld}\n", (long long)f->lines,
	    (long long)f->bytes);
}

static int
exit_of(struct sv_status s)
{
	return sv_is_ok(s) ? 0 : s.code == SV_CODE_BAD ? 3
	    : s.code == SV_CODE_REFUSED ? 1 : 4;
}

static bool
make_smart(const char *base)
{
	struct sv_err err = { .text = "" };

	if (smart.client_id == NULL)
		return true;
	smart.base = base;
	smart.peer = o.peer;
	o.smart = ad_smart_new(&smart, &err);
	if (o.smart == NULL)
		fprintf(stderr, "%s: %s\n", err.where, err.text);
	return o.smart != NULL;
}

static struct sv_status
list_members(struct sv_arena *A, struct sv_err *err)
{
	struct ad_bulk_fetched f;
	struct sv_status s = ad_bulk_members(A, &o, &f, err);

	for (size_t i = 0; i < f.n_members; i++)
		printf("%.*s\n", SV_FMT(f.member[i]));
	return s;
}

static struct sv_status
fetch(struct sv_arena *A, struct sv_err *err)
{
	struct ad_bulk_fetched f;
	struct sv_status s = ad_bulk_fetch(A, &o, &f, err);

	if (sv_is_ok(s))
		print(&f);
	if (f.lost)
		fprintf(stderr, "lost\n");
	return s;
}

int
main(int argc, char **argv)
{
	struct sv_arena A = ad_arena((size_t)1 << 30);
	struct sv_err err = { .text = "" };
	struct sv_status s;

	if (argc < 4)
		return 2;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	o.folder = argv[1];
	o.what.base = sv_str_of(argv[2]);
	o.what.level = sv_str_of(argv[3]);
	o.what.types = types;
	o.what.filters = filters;
	o.what.patients = patients;
	o.what.elements = elements;
	o.say = say;
	for (int i = 4; i < argc; i++)
		read_argument(argv[i]);
	if (!make_smart(argv[2]))
		return 3;
	s = members ? list_members(&A, &err) : fetch(&A, &err);
	if (!sv_is_ok(s))
		fprintf(stderr, "%s: %s\n", err.where, err.text);
	if (end_it > (sv_is_ok(s) ? 0 : 1))
		ad_bulk_end(&o);
	ad_smart_free(o.smart);
	sv_arena_free(&A);
	return exit_of(s);
}
