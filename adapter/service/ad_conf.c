#include "ad_conf_parse.h"

#include "ad_conf_cds.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

/* libconfuse reports through a callback without context. */
static thread_local struct sv_err *reporting;

static void
report(cfg_t *cfg, const char *format, va_list ap)
{
	char where[160], text[320];

	if (reporting == NULL || reporting->text[0] != '\0')
		return;
	(void)snprintf(where, sizeof(where), "%.140s:%d",
	    cfg != NULL && cfg->filename != NULL ? cfg->filename
	    : "salvor.conf", cfg != NULL ? cfg->line : 0);
	(void)vsnprintf(text, sizeof(text), format, ap);
	sv_err_set(reporting, where, "%s", text);
}

const char *
ad_conf_text(cfg_t *cfg, const char *name)
{
	const char *s = cfg_getstr(cfg, name);

	return s != NULL && s[0] != '\0' ? s : NULL;
}

struct sv_status
ad_conf_wrong(struct sv_err *err, const char *where, const char *what)
{
	sv_err_set(err, where, "%s", what);
	return SV_BAD;
}

/* "AB:CD:…" or "abcd…" to 64 lower-case hex digits. */
static bool
read_fingerprint(const char *text, char ret[65])
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t n = 0;

	for (; *text != '\0' && n < 64; text++) {
		const char *d = strchr(digits, *text);

		if (*text == ':')
			continue;
		if (d == NULL)
			return false;
		ret[n++] = d - digits < 16 ? *d : d[-6];
	}
	ret[n] = '\0';
	return n == 64 && *text == '\0';
}

static struct sv_status
read_rights(cfg_t *s, struct ad_conf_client *c, struct sv_err *err)
{
	for (unsigned i = 0; i < cfg_size(s, "may"); i++) {
		const char *may = cfg_getnstr(s, "may", i);

		if (strcmp(may, "write") == 0)
			c->may |= AD_MAY_WRITE;
		else if (strcmp(may, "read") == 0)
			c->may |= AD_MAY_READ;
		else
			return ad_conf_wrong(err, c->name, "may takes \"write\" and "
			    "\"read\"");
	}
	return SV_OK;
}

/* As it stands before "/Patient/1" in a fullUrl. */
static struct sv_status
read_bases(cfg_t *s, struct ad_conf_client *c, struct sv_err *err)
{
	c->n_bases = cfg_size(s, "base");
	if (c->n_bases > AD_CONF_BASES)
		return ad_conf_wrong(err, c->name, "at most 8 bases");
	for (unsigned i = 0; i < c->n_bases; i++) {
		struct sv_str base = sv_str_of(cfg_getnstr(s, "base", i));

		if (base.n == 0 || base.p[base.n - 1] == '/'
		    || !(sv_str_starts(base, SV_LIT("https://"))
		    || sv_str_starts(base, SV_LIT("http://"))))
			return ad_conf_wrong(err, c->name, "base takes URLs of a FHIR "
			    "server, http or https, without a slash at the end");
		c->base[i] = base.p;
	}
	return SV_OK;
}

static struct sv_status
read_client(cfg_t *s, struct ad_conf_client *c, struct sv_err *err)
{
	const char *print = ad_conf_text(s, "certificate-sha256");

	*c = (struct ad_conf_client){ .name = cfg_title(s),
		.source = ad_conf_text(s, "source"),
		.token_sha256 = ad_conf_text(s, "token-sha256"),
		.issuer = ad_conf_text(s, "issuer"),
		.subject = ad_conf_text(s, "subject") };
	if (c->source == NULL)
		c->source = c->name;
	if (print != NULL && !read_fingerprint(print, c->fingerprint))
		return ad_conf_wrong(err, c->name, "certificate-sha256 takes 64 hex "
		    "digits: openssl x509 -in FILE -noout -fingerprint -sha256");
	if ((c->issuer == NULL) != (c->subject == NULL))
		return ad_conf_wrong(err, c->name, "issuer and subject go together");
	if (print == NULL && c->token_sha256 == NULL && c->issuer == NULL)
		return ad_conf_wrong(err, c->name, "a client needs certificate-sha256, "
		    "token-sha256, or issuer and subject");
	if (c->token_sha256 != NULL && strlen(c->token_sha256) != 64)
		return ad_conf_wrong(err, c->name, "token-sha256 takes 64 hex digits: "
		    "printf %s TOKEN | sha256sum");
	SV_TRY(read_bases(s, c, err));
	return read_rights(s, c, err);
}

static struct sv_status
read_lists(cfg_t *cfg, struct ad_conf *c, struct sv_err *err)
{
	c->n_clients = cfg_size(cfg, "client");
	c->n_destinations = cfg_size(cfg, "destination");
	c->n_folders = cfg_size(cfg, "folder");
	c->n_identifier_systems = cfg_size(cfg, "identifier-systems");
	if (c->n_clients > AD_CONF_MAX || c->n_destinations > AD_CONF_MAX
	    || c->n_folders > AD_CONF_MAX
	    || c->n_identifier_systems > AD_CONF_MAX)
		return ad_conf_wrong(err, "", "at most 64 of each section");
	for (unsigned i = 0; i < c->n_clients; i++)
		SV_TRY(read_client(cfg_getnsec(cfg, "client", i),
		    &c->client[i], err));
	for (unsigned i = 0; i < c->n_destinations; i++)
		SV_TRY(ad_conf_read_destination(cfg_getnsec(cfg,
		    "destination", i), c->development, &c->destination[i],
		    err));
	SV_TRY(ad_conf_read_registries(cfg, c, err));
	for (unsigned i = 0; i < c->n_folders; i++) {
		cfg_t *s = cfg_getnsec(cfg, "folder", i);

		c->folder[i].path = cfg_title(s);
		c->folder[i].source = cfg_getstr(s, "source");
	}
	for (unsigned i = 0; i < c->n_identifier_systems; i++)
		c->identifier_systems[i] = sv_str_of(cfg_getnstr(cfg,
		    "identifier-systems", i));
	return SV_OK;
}

static struct sv_status
read_issuers(cfg_t *cfg, struct ad_conf *c, struct sv_err *err)
{
	c->n_issuers = cfg_size(cfg, "issuer");
	if (c->n_issuers > AD_CONF_ISSUERS)
		return ad_conf_wrong(err, "", "at most 8 issuers");
	for (unsigned i = 0; i < c->n_issuers; i++)
		SV_TRY(ad_conf_issuer_read(cfg_getnsec(cfg, "issuer", i),
		    c->development, &c->issuer[i], err));
	for (size_t k = 0; k < c->n_clients; k++) {
		if (c->client[k].issuer != NULL && cfg_gettsec(cfg, "issuer",
		    c->client[k].issuer) == NULL)
			return ad_conf_wrong(err, c->client[k].name, "issuer names no "
			    "issuer section");
	}
	return SV_OK;
}

bool
ad_conf_between(long v, long low, long high)
{
	return v >= low && v <= high;
}

/* Nobody writes without having shown who it is, over TLS. */
static struct sv_status
check_access(const struct ad_conf *c, const char *path, struct sv_err *err)
{
	if (c->certificate == NULL || c->key == NULL)
		return ad_conf_wrong(err, path, "certificate and key are missing "
		    "(development = true serves plain HTTP on loopback)");
	if (c->n_clients == 0)
		return ad_conf_wrong(err, path, "no client may write: add a client "
		    "section");
	return SV_OK;
}

static struct sv_status
check(const struct ad_conf *c, const char *path, struct sv_err *err)
{
	if (c->store == NULL)
		return ad_conf_wrong(err, path, "store is missing: where the service "
		    "keeps its database");
	if (!ad_conf_between(c->port, 0, 65535)
	    || !ad_conf_between(c->threads, 1, 64)
	    || !ad_conf_between(c->max_body_mib, 1, 1024)
	    || !ad_conf_between(c->max_connections, 1, 1000000)
	    || !ad_conf_between(c->keep_days, 0, 36500))
		return ad_conf_wrong(err, path, "port is 0 to 65535, threads 1 to 64, "
		    "max-body-mib 1 to 1024, max-connections 1 to 1000000, "
		    "keep-days 0 to 36500");
	return c->development ? SV_OK : check_access(c, path, err);
}

static struct sv_status
read_all(cfg_t *cfg, const char *path, struct ad_conf *c, struct sv_err *err)
{
	*c = (struct ad_conf){ .cfg = cfg, .store = ad_conf_text(cfg, "store"),
		.rules = ad_conf_text(cfg, "rules"), .site = ad_conf_text(cfg, "site"),
		.sign_off = ad_conf_text(cfg, "sign-off"),
		.endpoint = ad_conf_text(cfg, "endpoint"),
		.source_base = ad_conf_text(cfg, "source-base"),
		.address = cfg_getstr(cfg, "address"),
		.certificate = ad_conf_text(cfg, "certificate"),
		.key = ad_conf_text(cfg, "key"),
		.client_ca = ad_conf_text(cfg, "client-ca"),
		.client_crl = ad_conf_text(cfg, "client-crl"),
		.port = cfg_getint(cfg, "port"),
		.threads = cfg_getint(cfg, "threads"),
		.max_connections = cfg_getint(cfg, "max-connections"),
		.max_body_mib = cfg_getint(cfg, "max-body-mib"),
		.keep_days = cfg_getint(cfg, "keep-days"),
		.development = cfg_getbool(cfg, "development") };
	SV_TRY(read_lists(cfg, c, err));
	SV_TRY(ad_conf_cds_read(cfg, c->development, &c->cds, err));
	SV_TRY(read_issuers(cfg, c, err));
	return check(c, path, err);
}

/* libconfuse parses lists given as text, and wants that text writable. */
static char write_and_read[] = "{write, read}", none[] = "{}";

static cfg_opt_t client_options[] = {
	CFG_STR("source", "", CFGF_NONE),
	CFG_STR("certificate-sha256", "", CFGF_NONE),
	CFG_STR("token-sha256", "", CFGF_NONE),
	CFG_STR("issuer", "", CFGF_NONE), CFG_STR("subject", "", CFGF_NONE),
	CFG_STR_LIST("may", write_and_read, CFGF_NONE),
	CFG_STR_LIST("base", none, CFGF_NONE),
	CFG_END()
};

static cfg_opt_t folder_options[] = {
	CFG_STR("source", "files", CFGF_NONE),
	CFG_END()
};

static cfg_opt_t options[] = {
	CFG_STR("store", "", CFGF_NONE), CFG_STR("rules", "", CFGF_NONE),
	CFG_STR("site", "", CFGF_NONE), CFG_STR("sign-off", "", CFGF_NONE),
	CFG_STR("endpoint", "", CFGF_NONE),
	CFG_STR("source-base", "", CFGF_NONE),
	CFG_STR("address", "127.0.0.1", CFGF_NONE),
	CFG_INT("port", 8443, CFGF_NONE), CFG_INT("threads", 2, CFGF_NONE),
	CFG_INT("max-connections", 4096, CFGF_NONE),
	CFG_INT("max-body-mib", 32, CFGF_NONE),
	CFG_INT("keep-days", 0, CFGF_NONE),
	CFG_STR("certificate", "", CFGF_NONE), CFG_STR("key", "", CFGF_NONE),
	CFG_STR("client-ca", "", CFGF_NONE),
	CFG_STR("client-crl", "", CFGF_NONE),
	CFG_BOOL("development", cfg_false, CFGF_NONE),
	CFG_STR_LIST("identifier-systems", none, CFGF_NONE),
	CFG_SEC("client", client_options, CFGF_MULTI | CFGF_TITLE
	    | CFGF_NO_TITLE_DUPES),
	CFG_SEC("issuer", ad_conf_issuer_options, CFGF_MULTI | CFGF_TITLE
	    | CFGF_NO_TITLE_DUPES),
	CFG_SEC("destination", ad_conf_destination_options, CFGF_MULTI | CFGF_TITLE
	    | CFGF_NO_TITLE_DUPES),
	CFG_SEC("cds", ad_conf_cds_options, CFGF_MULTI),
	CFG_SEC("cds-client", ad_conf_cds_client_options, CFGF_MULTI
	    | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("registry", ad_conf_registry_options, CFGF_MULTI | CFGF_TITLE
	    | CFGF_NO_TITLE_DUPES),
	CFG_SEC("folder", folder_options, CFGF_MULTI | CFGF_TITLE
	    | CFGF_NO_TITLE_DUPES),
	CFG_END()
};

struct sv_status
ad_conf_read(const char *path, struct ad_conf *ret, struct sv_err *err)
{
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	struct sv_status s = SV_BAD;
	int r;

	SV_ENSURE(cfg != NULL, SV_NOMEM);
	err->text[0] = err->where[0] = '\0';
	reporting = err;
	(void)cfg_set_error_function(cfg, report);
	r = cfg_parse(cfg, path);
	reporting = NULL;
	if (r == CFG_FILE_ERROR)
		sv_err_set(err, path, "%s", strerror(errno));
	else if (r == CFG_SUCCESS)
		s = read_all(cfg, path, ret, err);
	if (!sv_is_ok(s))
		(void)cfg_free(cfg);
	return s;
}

void
ad_conf_free(struct ad_conf *c)
{
	if (c->cfg != NULL)
		(void)cfg_free(c->cfg);
	c->cfg = NULL;
}
