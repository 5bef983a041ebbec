#include "ad_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ad_clock.h"
#include "sv_date.h"

enum {
	OPT_AS_OF = 256, OPT_FORMAT, OPT_SYNTAX, OPT_PRETTY, OPT_COLOR,
	OPT_CONF, OPT_RECORDED, OPT_POST, OPT_CACERT, OPT_CERT, OPT_KEY,
	OPT_TOKEN, OPT_TIMEOUT, OPT_SITE, OPT_SIGN_OFF, OPT_SIGN, OPT_CASES,
	OPT_FROM, OPT_TO, OPT_SOURCE_BASE,
	OPT_SINCE, OPT_PATIENTS, OPT_FULL, OPT_DRY_RUN
};

static const struct option table[] = {
	{ "as-of", required_argument, NULL, OPT_AS_OF },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "syntax", required_argument, NULL, OPT_SYNTAX },
	{ "pretty", no_argument, NULL, OPT_PRETTY },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "conf", required_argument, NULL, OPT_CONF },
	{ "site", required_argument, NULL, OPT_SITE },
	{ "sign-off", required_argument, NULL, OPT_SIGN_OFF },
	{ "sign", required_argument, NULL, OPT_SIGN },
	{ "cases", required_argument, NULL, OPT_CASES },
	{ "recorded", required_argument, NULL, OPT_RECORDED },
	{ "post", required_argument, NULL, OPT_POST },
	{ "source-base", required_argument, NULL, OPT_SOURCE_BASE },
	{ "cacert", required_argument, NULL, OPT_CACERT },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "token-file", required_argument, NULL, OPT_TOKEN },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "patients", required_argument, NULL, OPT_PATIENTS },
	{ "full", no_argument, NULL, OPT_FULL },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ NULL, 0, NULL, 0 }
};

static enum ad_exit
usage(const char *what)
{
	fprintf(stderr, "salvor: %s (see salvor --help)\n", what);
	return AD_EXIT_USAGE;
}

/* The index of ${word} in ${words}, or -1. */
static int
choose(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

static enum ad_exit
set_words(int opt, struct ad_options *o)
{
	static const char *const formats[] = { "bundle", "explain", "text",
		"timeline", "summary", "individual", "svg",
		"html", "md" };
	static const char *const syntaxes[] = { "json", "xml" };
	static const char *const colours[] = { "auto", "always", "never" };
	int i;

	switch (opt) {
	case OPT_FORMAT:
		if ((i = choose(optarg, formats, 9)) < 0)
			return usage("no such --format");
		o->format = (enum ad_format)(i + 1);
		break;
	case OPT_SYNTAX:
		if ((i = choose(optarg, syntaxes, 2)) < 0)
			return usage("--syntax is json or xml");
		o->xml = i == 1;
		break;
	default:
		if ((i = choose(optarg, colours, 3)) < 0)
			return usage("--color is auto, always or never");
		if (i > 0)
			o->colour = i == 1;
		break;
	}
	return AD_EXIT_OK;
}

static enum ad_exit
set_dates(int opt, struct ad_options *o)
{
	struct sv_date d;

	if (!sv_is_ok(sv_date_parse(sv_str_of(optarg), &d))
	    || d.precision != SV_DATE_DAY)
		return usage(opt != OPT_RECORDED ? "--as-of, --from and "
		    "--to take a day, YYYY-MM-DD" : "--recorded takes an instant, "
		    "YYYY-MM-DDThh:mm:ssZ");
	if (opt != OPT_RECORDED) {
		*(opt == OPT_AS_OF ? &o->as_of : opt == OPT_FROM
		    ? &o->period_from : &o->period_to) = d.lo;
		return AD_EXIT_OK;
	}
	if (strlen(optarg) < 20 || strlen(optarg) >= sizeof(o->recorded))
		return usage("--recorded takes an instant, "
		    "YYYY-MM-DDThh:mm:ssZ");
	(void)snprintf(o->recorded, sizeof(o->recorded), "%s", optarg);
	return AD_EXIT_OK;
}

static enum ad_exit
set_one(int opt, struct ad_options *o)
{
	char *end;

	switch (opt) {
	case OPT_AS_OF:
	case OPT_FROM:
	case OPT_TO:
	case OPT_RECORDED:
		return set_dates(opt, o);
	case OPT_FORMAT:
	case OPT_SYNTAX:
	case OPT_COLOR:
		return set_words(opt, o);
	case OPT_PRETTY:
		o->pretty = true;
		return AD_EXIT_OK;
	case OPT_FULL:
		o->full = true;
		return AD_EXIT_OK;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return AD_EXIT_OK;
	case OPT_TIMEOUT:
		o->timeout_s = strtol(optarg, &end, 10);
		if (*end != '\0' || o->timeout_s < 1 || o->timeout_s > 3600)
			return usage("--timeout takes 1 to 3600 seconds");
		return AD_EXIT_OK;
	default:
		return usage("unknown option");
	}
}

/* The options that are kept as they are. */
static const char **
place_of(int opt, struct ad_options *o)
{
	switch (opt) {
	case OPT_CONF:
	case 'c':
		return &o->conf;
	case OPT_SITE:
		return &o->site;
	case OPT_SIGN_OFF:
		return &o->sign_off;
	case OPT_SIGN:
		return &o->sign;
	case OPT_CASES:
		return &o->cases;
	case OPT_POST:
		return &o->post;
	case OPT_SOURCE_BASE:
		return &o->source_base;
	case OPT_SINCE:
		return &o->since;
	case OPT_PATIENTS:
		return &o->patients;
	case OPT_CACERT:
		return &o->cacert;
	case OPT_CERT:
		return &o->cert;
	case OPT_KEY:
		return &o->key;
	case OPT_TOKEN:
		return &o->token_file;
	default:
		return NULL;
	}
}

static bool
is_base(struct sv_str url)
{
	return (sv_str_starts(url, SV_LIT("https://"))
	    || sv_str_starts(url, SV_LIT("http://")))
	    && !sv_str_ends(url, SV_LIT("/"))
	    && sv_str_chr(url, '?') == url.n && sv_str_chr(url, ' ') == url.n;
}

static void
set_defaults(struct ad_options *o)
{
	*o = (struct ad_options){ .timeout_s = 30, .as_of = ad_today() };
	ad_instant_text(ad_now_ms(), o->recorded);
	o->colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

enum ad_exit
ad_options_parse(int argc, char **argv, struct ad_options *o)
{
	enum ad_exit e;
	int opt;

	set_defaults(o);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
		const char **place = place_of(opt, o);

		if (opt == '?')
			return usage("unknown option, or one without its "
			    "value");
		if (place != NULL)
			*place = optarg;
		else if ((e = set_one(opt, o)) != AD_EXIT_OK)
			return e;
	}
	if (o->source_base != NULL && !is_base(sv_str_of(o->source_base)))
		return usage("--source-base takes the URL of a FHIR server, "
		    "https://ehr.example/fhir, without a slash at its end");
	if ((o->cert == NULL) != (o->key == NULL))
		return usage("--cert and --key go together");
	o->files = argv + optind;
	o->n_files = (size_t)(argc - optind);
	return AD_EXIT_OK;
}
