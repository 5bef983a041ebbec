/*
 * Fetch one export, for tests of adapter/bulk:
 *
 *	bulk_fetch FOLDER BASE LEVEL [name=value ...]
 *
 * group, since, type (repeatable), filter, patient (repeatable), post, ca, key,
 * client, token-url, scope, parallel, deadline, retry-ms, retries, max-bytes,
 * lenient, plain, end.  Prints what was fetched as JSON; the exit status is that
 * of salvor.
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
static struct sv_str types[MAX_LIST], filters[MAX_LIST], patients[MAX_LIST];
static bool end_it;

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
	long long n = atoll(value);

	if (strcmp(name, "parallel") == 0)
		o.parallel = (int)n;
	else if (strcmp(name, "deadline") == 0)
		o.deadline_s = n;
	else if (strcmp(name, "retry-ms") == 0)
		o.retry_ms = n;
	else if (strcmp(name, "retries") == 0)
		o.retries = (int)n;
	else if (strcmp(name, "max-bytes") == 0)
		o.max_bytes = n;
	else if (strcmp(name, "lenient") == 0)
		o.lenient_counts = n != 0;
	else if (strcmp(name, "plain") == 0)
		o.peer.plain = n != 0;
	else if (strcmp(name, "end") == 0)
		end_it = n != 0;
	else
		return false;
	return true;
}

static void
read_argument(char *arg)
{
	char *value = strchr(arg, '=');

	if (strcmp(arg, "post=1") == 0)
		o.what.method = AD_BULK_POST;
	if (value == NULL)
		exit(2);
	*value++ = '\0';
	if (is_list(arg, sv_str_of(value)) || is_text(arg, value)
	    || is_number(arg, value))
		return;
	if (strcmp(arg, "group") == 0)
		o.what.group = sv_str_of(value);
	else if (strcmp(arg, "since") == 0)
		o.what.since = sv_str_of(value);
	else if (strcmp(arg, "post") != 0)
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

int
main(int argc, char **argv)
{
	struct sv_arena A = ad_arena((size_t)1 << 30);
	struct ad_bulk_fetched f;
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
	o.say = say;
	for (int i = 4; i < argc; i++)
		read_argument(argv[i]);
	if (smart.client_id != NULL) {
		smart.base = argv[2];
		smart.peer = o.peer;
		o.smart = ad_smart_new(&smart, &err);
		if (o.smart == NULL) {
			fprintf(stderr, "%s: %s\n", err.where, err.text);
			return 3;
		}
	}
	s = ad_bulk_fetch(&A, &o, &f, &err);
	if (sv_is_ok(s))
		print(&f);
	else
		fprintf(stderr, "%s: %s\n", err.where, err.text);
	if (sv_is_ok(s) && end_it)
		ad_bulk_end(&o);
	ad_smart_free(o.smart);
	sv_arena_free(&A);
	return exit_of(s);
}
