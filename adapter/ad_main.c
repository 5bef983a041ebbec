#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ad_evaluate.h"
#include "ad_measure.h"
#include "ad_operate.h"
#include "ad_rules.h"
#include "ad_serve.h"
#include "ad_sync.h"

static const char help[] =
"salvor: guidance for salvage therapy from FHIR data\n"
"\n"
"  salvor evaluate [FILE...|-]   decide; print or post the guidance\n"
"  salvor measure [FILE...|-]    who was assessed for local salvage, and who missed\n"
"  salvor check                  lint rules and terminology, run the cases\n"
"  salvor rules                  the rule book, for a clinician to review\n"
"  salvor serve -c FILE          the service, configured by salvor.conf\n"
"  salvor sync [REGISTRY] -c FILE   take in what changed in a registry, decide, report\n"
"  salvor status                 how many messages and posts, and in which state\n"
"  salvor messages list|show N|replay N\n"
"  salvor outbox list|show N|retry N|drop N\n"
"  salvor feedback               CDS cards by rule: shown, accepted, overridden, why\n"
"  salvor store check|backup FILE    these five take -c FILE as serve does\n"
"  salvor version\n"
"\n"
"Input: FHIR R4, JSON or XML: a Bundle of one patient, or single resources, which\n"
"are gathered by patient; NDJSON of either (Bulk Data); a folder of such files.\n"
"Without FILE standard input is read.\n"
"\n"
"  --as-of DAY          decide as of this day (default: today)\n"
"  --format FORMAT      bundle (default), explain, text, timeline,\n"
"                       or html\n"
"                       rules: text (default), md or html\n"
"                       measure: text (default), html, summary, individual\n"
"                       (FHIR MeasureReport) or svg (a chart)\n"
"  --from DAY --to DAY  measure: period of the failure (default: a year to --as-of)\n"
"  --syntax json|xml    of the bundle (default: json)\n"
"  --pretty             indent JSON\n"
"  --color WHEN         auto (default), always or never; NO_COLOR is obeyed\n"
"  --conf DIR           folder with rules/ and terminology/\n"
"  --site FILE          what this site changes of the rules (DIR/site.json)\n"
"  --sign-off FILE      who signed the rules off (DIR/sign-off.json)\n"
"  --sign NAME          of rules: write the sign-off of this rule set by NAME\n"
"  --cases DIR          rules, check: folder with the cases (DIR/cases)\n"
"  --recorded INSTANT   generation time to write (default: now)\n"
"  --post URL           post each Bundle to this FHIR server (https only)\n"
"  --source-base URL    server that the data is from: references are absolute\n"
"  --cacert FILE        CA certificates to trust instead of the system's\n"
"  --cert FILE --key FILE   client certificate for mutual TLS\n"
"  --token-file FILE    bearer token\n"
"  --timeout SECONDS    of one post (default: 30)\n"
"  --since INSTANT      sync: only resources changed since then\n"
"  --patients FILE      sync: only these patients, a logical id a line\n"
"  --full               sync: everything, also files that were taken in before\n"
"  --dry-run            sync: say what would be done, and change nothing\n"
"\n"
"Exit status: 0 done, 1 input or guidance refused (an OperationOutcome is on\n"
"standard error), 2 usage, 3 configuration or certificates, 4 temporary failure,\n"
"5 sync: done, but lines or patients were refused.\n"
"\n"
"  salvor evaluate --as-of 2026-05-01 --format text patient.json\n"
"  salvor evaluate --post https://fhir.example/fhir --cacert ca.pem *.json\n"
"\n"
"Decision support for clinicians. Not a medical device; the rules are a draft\n"
"that no clinician has signed off.\n";

static const struct {
	const char *name;
	enum ad_exit (*run)(const struct ad_options *o);
} commands[] = {
	{ "evaluate", ad_evaluate },
	{ "measure", ad_measure },
	{ "rules", ad_rules },
	{ "check", ad_operate_check },
	{ "serve", ad_serve },
	{ "sync", ad_sync },
	{ "status", ad_operate_status },
	{ "messages", ad_operate_messages },
	{ "outbox", ad_operate_outbox },
	{ "store", ad_operate_store },
	{ "feedback", ad_operate_feedback },
};

int
main(int argc, char **argv)
{
	struct ad_options o;
	enum ad_exit e;

	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0
		    || (i == 1 && strcmp(argv[i], "help") == 0)) {
			fputs(help, stdout);
			return AD_EXIT_OK;
		}
	}
	if (argc < 2) {
		fputs(help, stderr);
		return AD_EXIT_USAGE;
	}
	if (strcmp(argv[1], "version") == 0) {
		puts("salvor " SALVOR_VERSION);
		return AD_EXIT_OK;
	}
	if ((e = ad_options_parse(argc - 1, argv + 1, &o)) != AD_EXIT_OK)
		return (int)e;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return (int)commands[i].run(&o);
	}
	fprintf(stderr, "salvor: no command '%s' (see salvor --help)\n",
	    argv[1]);
	return AD_EXIT_USAGE;
}
