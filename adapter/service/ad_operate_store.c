/*
 * Operating the store as a whole: status, check, backup.
 */
#include "ad_operation.h"

#include <stdio.h>
#include <sys/stat.h>

#include "ad_check.h"
#include "ad_clock.h"

enum ad_exit
ad_operate_store(const struct ad_options *o)
{
	struct ad_operation p;
	enum ad_exit e = ad_operation_begin(o, &p);
	struct sv_status s = SV_BUG;

	if (e != AD_EXIT_OK)
		return e;
	if (ad_operation_is(&p, "check") && o->n_files == 1)
		s = ad_store_check(p.S);
	else if (ad_operation_is(&p, "backup") && o->n_files == 2)
		s = ad_store_backup(p.S, p.word);
	if (s.code == SV_CODE_BUG)
		e = ad_operation_usage("store takes check, or backup FILE");
	else if (!sv_is_ok(s))
		e = ad_operation_failed(&p);
	else
		puts("ok");
	ad_operation_end(&p);
	return e;
}

bool
ad_operation_posts_to(const struct ad_operation *p, struct sv_str name)
{
	for (size_t i = 0; i < p->u->conf.n_destinations; i++) {
		if (sv_str_is(name, p->u->conf.destination[i].name))
			return true;
	}
	return false;
}

static bool
print_backlog(void *ctx, const struct ad_backlog *b)
{
	printf("posts to %-12.*s %10lld waiting, %lld dead%s\n",
	    SV_FMT(b->destination), (long long)b->waiting, (long long)b->dead,
	    ad_operation_posts_to(ctx, b->destination) ? ""
	    : "  (not in the configuration)");
	return true;
}

enum ad_exit
ad_operate_status(const struct ad_options *o)
{
	struct ad_store_counts c;
	struct ad_operation p;
	enum ad_exit e = ad_operation_begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (o->n_files > 0) {
		ad_operation_end(&p);
		return ad_operation_usage("status takes no words");
	}
	if (!sv_is_ok(ad_store_count(p.S, &c))) {
		e = ad_operation_failed(&p);
		ad_operation_end(&p);
		return e;
	}
	for (int i = 0; i < AD_FATE_MAX; i++)
		printf("messages %-10.*s %12lld\n",
		    SV_FMT(ad_fate_name((enum ad_fate)i)),
		    (long long)c.messages[i]);
	for (int i = 0; i < AD_ROW_STATE_MAX; i++)
		printf("posts    %-10.*s %12lld\n",
		    SV_FMT(ad_row_state_name((enum ad_row_state)i)),
		    (long long)c.rows[i]);
	if (!sv_is_ok(ad_store_list_destinations(p.S, print_backlog, &p)))
		e = ad_operation_failed(&p);
	printf("patients            %12lld\nresources           %12lld\n"
	    "guidance that holds %12lld\nstore, bytes        %12lld\n",
	    (long long)c.patients, (long long)c.resources,
	    (long long)c.guidance, (long long)c.bytes);
	if (c.oldest_waiting_ms > 0)
		printf("oldest post waits   %12lld s\n",
		    (long long)((ad_now_ms() - c.oldest_waiting_ms) / 1000));
	ad_operation_end(&p);
	return e;
}

enum ad_exit
ad_operate_check(const struct ad_options *o)
{
	struct ad_options of_file = *o;
	struct ad_setup *u;
	struct stat st;
	enum ad_exit e;

	if (o->conf == NULL || stat(o->conf, &st) != 0 || !S_ISREG(st.st_mode))
		return ad_check(o);
	if ((u = ad_setup_load(o->conf)) == NULL)
		return AD_EXIT_CONFIG;
	of_file.conf = u->conf.rules;
	of_file.site = u->conf.site;
	of_file.sign_off = u->conf.sign_off;
	e = ad_check(&of_file);
	ad_setup_drop(u);
	return e;
}
