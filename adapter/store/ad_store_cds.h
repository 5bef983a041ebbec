/**
 * ad_store_cds.h: the part of the store that CDS Hooks uses: which cards were
 * shown, and what clinicians did with them.
 *
 * Inside a unit of the store (ad_store.h), unless said otherwise.
 */
#ifndef AD_STORE_CDS_H
#define AD_STORE_CDS_H

#include "ad_store.h"

struct ad_card {
	struct sv_str card;		/* uuid */
	struct sv_str client, service;
	struct sv_str patient, user;	/* as the client calls them */
	struct sv_str topic, rules;	/* its first rule; all of them */
	struct sv_str content;		/* hash of what it concluded */
	struct sv_str urgency;
	int64_t at_ms;			/* shown; of an override: reported */
};

struct ad_feedback {
	struct sv_str card, client, service;
	struct sv_str outcome;		/* "accepted", "overridden" */
	struct sv_str stamp;		/* outcomeTimestamp, as sent */
	struct sv_str suggestions;	/* ids, joined by commas; or "" */
	struct sv_str reason_system, reason_code, reason_display;
	struct sv_str comment;		/* free text: may be about anybody */
	int64_t received_ms;
};

/** Remember that ${c} was shown; once, however often it is said. */
struct sv_status ad_store_put_card(struct ad_store *S,
    const struct ad_card *c) SV_CHECK;

/** Remember ${f}; once for a card, outcome and time. */
struct sv_status ad_store_put_feedback(struct ad_store *S,
    const struct ad_feedback *f) SV_CHECK;

/** The card ${uuid}, in ${A}.  SKIP if it is not known. */
struct sv_status ad_store_get_card(struct ad_store *S, struct sv_arena *A,
    struct sv_str uuid, struct ad_card *ret) SV_CHECK;

/** Visit the cards that were overridden since ${since_ms}, the oldest first;
 * a card may come more than once. */
struct ad_card_visitor {
	void (*each)(void *ctx, const struct ad_card *c);
	void *ctx;
};
struct sv_status ad_store_list_overrides(struct ad_store *S, int64_t since_ms,
    const struct ad_card_visitor *v) SV_CHECK;

/* How often the cards of one topic were shown, accepted and overridden. */
struct ad_topic_count {
	struct sv_str topic, service;
	int64_t shown, accepted, overridden;
};
/* How often a reason was given. */
struct ad_reason_count {
	struct sv_str topic, reason;
	int64_t n;
};

/** Visit the counts, by topic.  Needs no unit. */
struct ad_count_visitor {
	void (*topic)(void *ctx, const struct ad_topic_count *c);
	void (*reason)(void *ctx, const struct ad_reason_count *c);
	void *ctx;
};
struct sv_status ad_store_count_feedback(struct ad_store *S,
    const struct ad_count_visitor *v) SV_CHECK;

#endif
