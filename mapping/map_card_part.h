/**
 * map_card_part.h: what the writers of cards share; internal to mapping/.
 */
#ifndef MAP_CARD_PART_H
#define MAP_CARD_PART_H

#include "map_card.h"
#include "map_phrase.h"

#define MAP_RULE_SYSTEM "https://salvor.example/CodeSystem/rule"
#define MAP_ACTIVITY_SYSTEM "https://salvor.example/CodeSystem/activity"
#define MAP_CARD_FINDINGS 64

/* A card before it is written. */
struct map_card {
	enum core_urgency urgency;
	struct sv_str topic, topic_display;
	struct sv_str plan;		/* canonical of the rules; may be "" */
	struct sv_str summary;
	struct sv_str lead;		/* Markdown before the findings */
	const struct core_guidance *g;	/* NULL: no guidance behind it */
	const struct core_finding *findings[MAP_CARD_FINDINGS];
	size_t n_findings;
	const struct core_activity *offers[MAP_CARD_FINDINGS];
	const struct core_proposal *proposals[MAP_CARD_FINDINGS];	/* of
					 * offers; NULL: of a single rule */
	size_t n_offers;
	const struct fhir_entry *order;	/* that it is about, or NULL */
	struct map_card_shown shown;
};

struct map_card_list {
	struct map_card card[MAP_CARDS_MAX];
	size_t n;
};

/** A new card of ${list}; NULL if it is full. */
struct map_card *map_card_add(struct map_card_list *list);

/** Put ${f} on the card, with what it makes more urgent. */
void map_card_finding(struct map_card *c, const struct core_finding *f);
/** Offer ${a} unless it is offered already. */
void map_card_offer(struct map_card *c, const struct core_activity *a,
    const struct core_proposal *p);

/** Cards about the orders of the request.  NOMEM. */
struct sv_status map_card_orders(struct sv_arena *A,
    const struct map_card_call *call, struct map_card_list *list) SV_CHECK;

/** What is missing, as a list in words; nothing if all came. */
void map_card_missing(struct sv_buf *b, const struct map_hook_request *q);

/** Markdown of the card. */
struct sv_str map_card_detail(struct sv_arena *A,
    const struct map_card_call *call, const struct map_card *c,
    size_t n_hidden);

/** Suggestions, override reasons and links. */
void map_card_put_offers(struct fhir_writer *w, struct sv_arena *A,
    const struct map_card_call *call, const struct map_card *c);

/** Append ${s} so that no Markdown or HTML is read into it. */
void map_card_escape(struct sv_buf *b, struct sv_str s);

/** ${s} in at most ${max} code points, cut between words and never behind a
 * number, whose unit may follow. */
struct sv_str map_card_clip(struct sv_arena *A, struct sv_str s, size_t max);

#endif
