#include "ad_engine.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ad_memory.h"
#include "map_hash.h"
#include "map_rules.h"

#define MAX_FILES 256
#define MAX_FILE ((size_t)16 << 20)

static const char *
conf_folder(const char *conf)
{
	static const char *const usual[] = { SALVOR_CONF_INSTALLED,
		SALVOR_CONF_SOURCE };
	const char *env = getenv("SALVOR_CONF");

	if (conf != NULL)
		return conf;
	if (env != NULL && env[0] != '\0')
		return env;
	return access(usual[0], R_OK) == 0 ? usual[0] : usual[1];
}

struct sv_str
ad_engine_file(struct sv_arena *A, const char *path)
{
	struct sv_str none = { NULL, 0 };
	FILE *f = fopen(path, "rb");
	size_t n = 0, cap = 65536, got;
	char *p = sv_arena_alloc(A, cap);

	while (f != NULL && p != NULL && n < MAX_FILE
	    && (got = fread(p + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap) {
			p = sv_arena_grow(A, p, n, cap * 2);
			cap *= 2;
		}
	}
	if (f == NULL)
		return none;
	if (ferror(f) || n >= MAX_FILE)
		p = NULL;
	(void)fclose(f);
	return p == NULL ? none : (struct sv_str){ p, n };
}

static int
by_name(const void *a, const void *b)
{
	return sv_str_cmp(((const struct map_file *)a)->name,
	    ((const struct map_file *)b)->name);
}

static bool
read_file(struct sv_arena *A, const char *path, const char *name,
    struct map_file *ret)
{
	ret->name = sv_arena_str(A, sv_str_of(name));
	ret->bytes = ad_engine_file(A, path);
	return ret->name.p != NULL && ret->bytes.p != NULL;
}

/* The *.json files of ${conf}/${part}, sorted by name, behind the ${n} that are there. */
static bool
read_folder(struct sv_arena *A, const char *conf, const char *part,
    struct map_file *files, size_t *n)
{
	char path[4096];
	struct dirent *d;
	size_t before = *n;
	bool ok = true;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", conf, part);
	if ((dir = opendir(path)) == NULL) {
		fprintf(stderr, "salvor: %s: %s; name the configuration "
		    "folder with --conf\n", path, strerror(errno));
		return false;
	}
	while (ok && (d = readdir(dir)) != NULL) {
		if (!sv_str_ends(sv_str_of(d->d_name), SV_LIT(".json")))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/%s", conf, part,
		    d->d_name);
		ok = *n < MAX_FILES && read_file(A, path, d->d_name,
		    &files[*n]);
		*n += ok;
	}
	if (!ok)
		fprintf(stderr, "salvor: %s cannot be read; a configuration "
		    "has at most %d files\n", path, MAX_FILES);
	(void)closedir(dir);
	qsort(files + before, *n - before, sizeof(*files), by_name);
	return ok;
}

/* A file that cannot be read at all is found twice, by two loaders. */
static bool
is_repeated(const struct fhir_issues *is, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (sv_str_eq(is->at[k].expression, is->at[i].expression)
		    && sv_str_eq(is->at[k].text, is->at[i].text))
			return true;
	}
	return false;
}

static void
print_issues(const char *conf, const struct fhir_issues *is)
{
	for (size_t i = 0; i < is->n; i++) {
		if (is_repeated(is, i))
			continue;
		fprintf(stderr, "salvor: %s: %.*s: %.*s\n", conf,
		    SV_FMT(is->at[i].expression), SV_FMT(is->at[i].text));
	}
}

/* Add the file ${named}, or ${usual} in the folder if that is there. */
static bool
add_file(struct ad_engine *E, const char *named, const char *usual,
    struct map_file *files, size_t *n)
{
	struct sv_arena *A = &E->arena;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", E->conf, usual);
	if (named == NULL && access(path, F_OK) != 0)
		return true;
	/* The hash must not depend on where the file lies. */
	files[*n].name = sv_str_of(usual);
	files[*n].bytes = ad_engine_file(A, named != NULL ? named : path);
	if (files[*n].bytes.p == NULL) {
		fprintf(stderr, "salvor: %s: %s\n", named != NULL ? named
		    : path, strerror(errno));
		return false;
	}
	(*n)++;
	return true;
}

/* A rule book without rules decides nothing: say why there are none. */
static bool
has_rules(const char *conf, const struct core_rulebook *book)
{
	if (book->n_rules > 0)
		return true;
	if (book->n_drafts_off > 0)
		fprintf(stderr, "salvor: the site file keeps out rules that "
		    "are not signed off, and no rule is. Sign the rule set "
		    "(salvor rules --sign NAME > sign-off.json) or set "
		    "draft-rules to on.\n");
	else
		fprintf(stderr, "salvor: %s/rules holds no rules\n", conf);
	return false;
}

static bool
hash_all(struct ad_engine *E, const struct map_file *terms, size_t n)
{
	struct sv_str parts[MAX_FILES + 4];

	for (size_t i = 0; i < n; i++)
		parts[i] = terms[i].bytes;
	parts[n] = E->book.sha256;
	parts[n + 1] = SV_LIT(SALVOR_VERSION);
	if (!sv_is_ok(map_hash(parts, n + 2, E->sha256)))
		return false;
	parts[n] = SV_LIT(SALVOR_VERSION);
	return sv_is_ok(map_hash(parts, n + 1, E->terminology_sha256));
}

/* Every file of the configuration: the terminology from ${ret_terms} on. */
static bool
read_files(const struct ad_options *o, struct ad_engine *E,
    struct map_file *files, size_t *n, size_t *ret_terms)
{
	struct sv_arena *A = &E->arena;

	*n = 0;
	if (!read_folder(A, E->conf, "rules", files, n)
	    || !add_file(E, o->site, "site.json", files, n)
	    || !add_file(E, o->sign_off, "sign-off.json", files, n))
		return false;
	*ret_terms = *n;
	return read_folder(A, E->conf, "terminology", files, n);
}

enum ad_exit
ad_engine_load(const struct ad_options *o, struct ad_engine *E)
{
	struct map_file *files;
	struct map_terminology *terms = NULL;
	struct fhir_issues is;
	size_t n, at;
	bool ok;

	*E = (struct ad_engine){ .arena = ad_arena((size_t)256 << 20),
		.conf = conf_folder(o->conf) };
	fhir_issues_init(&is, &E->arena);
	files = sv_arena_zalloc(&E->arena, MAX_FILES + 2, sizeof(*files));
	if (files == NULL) {
		fprintf(stderr, "salvor: not enough memory\n");
		return AD_EXIT_TEMPORARY;
	}
	if (!read_files(o, E, files, &n, &at))
		return AD_EXIT_CONFIG;
	ok = sv_is_ok(map_rules_load(&E->arena, files, n, &E->book, &is));
	ok = sv_is_ok(map_terminology_load(&E->arena, files + at, n - at,
	    &terms, &is)) && ok;
	print_issues(E->conf, &is);
	ok = ok && hash_all(E, files + at, n - at);
	E->engine = (struct map_engine){ .book = &E->book,
		.input = { .terminology = terms } };
	E->files = files;
	E->n_rules = at;
	E->n_files = n;
	ok = ok && (o->sign != NULL || has_rules(E->conf, &E->book));
	return ok ? AD_EXIT_OK : AD_EXIT_CONFIG;
}

void
ad_engine_free(struct ad_engine *E)
{
	sv_arena_free(&E->arena);
}
