/**
 * map_card.h: what a CDS Hooks service answers (2.0.1): cards from findings.
 *
 * One card a decision, not one a rule: patient-view has a card for each cancer
 * with guidance; order-select and order-sign only speak if an order meets a
 * rule that stands against it.  If data is missing that could change what is
 * said, nothing is advised and one card says what is missing [R22, R23].
 *
 * The same request, rules and day give the same bytes, uuids included [R34].
 * Everything that came from outside is escaped [R36].  Actions are drafts
 * [R43].
 */
#ifndef MAP_CARD_H
#define MAP_CARD_H

#include "map_hash.h"
#include "map_hook.h"
#include "map_line.h"

#define MAP_SUMMARY_MAX 139		/* code points [R35] */
#define MAP_CARDS_MAX 16

struct map_coding {
	struct sv_str system, code, display;
};

/* What a client can take; all zero is the specification. */
struct map_card_profile {
	bool any_only;		/* only selectionBehavior any [R39] */
	bool single_action;	/* one action a suggestion [R40] */
	bool no_suggestions;
	bool plain_topic;	/* topic codes of letters and digits [R38] */
	bool markdown_extension;	/* names the format of detail [R36] */
	bool version_3;		/* knows 3.0: actionSelectionBehavior [R41] */
	size_t max_cards;	/* [R49]; at least 1 */
};

/* A card that was written, for feedback and the audit line. */
struct map_card_shown {
	char uuid[MAP_UUID_TEXT];
	struct sv_str topic;	/* id of its first rule */
	struct sv_str rules;	/* "PRO-RT-02,PRO-RT-08" */
	char content[65];	/* hash of what it concluded */
	enum core_urgency urgency;
};

struct map_card_options {
	struct sv_str software, recorded;
	struct sv_str base;		/* canonical base of the rules */
	struct map_card_profile profile;
	const struct map_coding *reasons;	/* for overriding [R44] */
	size_t n_reasons;
	struct sv_str page;		/* URL of the patient's page, or "" */
	struct sv_str app;		/* URL of a SMART app, or "" */
	bool remembered;	/* the store knows the patient as well */
	/* The user has overridden this before [R50]; may be NULL. */
	bool (*is_overridden)(void *ctx, const struct map_card_shown *c);
	void *ctx;
};

struct map_cards {
	struct map_card_shown shown[MAP_CARDS_MAX];
	size_t n_shown;
	size_t n_hidden;		/* beyond max_cards */
	size_t n_overridden;		/* left out: overridden before */
};

/* What can be said with what came. */
enum map_ability {
	MAP_ABLE,
	MAP_BLIND,	/* no guidance, but a card */
	MAP_UNABLE	/* 412 */
};

/** What can be said with what came; ${remembered}: the store knows the patient
 * too, so that nothing is missing. */
enum map_ability map_hook_ability(const struct map_hook_request *r,
    bool remembered);

/**
 * map_card_write(A, r, q, o, out, ret):
 * The response to ${q}, decided as ${r}, as JSON.  LIMIT or NOMEM.
 */
struct map_card_call {
	const struct map_hook_request *request;
	const struct map_result *result;
	const struct map_engine *engine;	/* for orders */
	const struct map_card_options *options;
};
struct sv_status map_card_write(struct sv_arena *A,
    const struct map_card_call *call, struct sv_buf *out,
    struct map_cards *ret) SV_CHECK;

/** The twelve clinical codes of HL7's non-adherence-reason-codes [R44]. */
extern const struct map_coding map_reasons[];
extern const size_t map_n_reasons;

/**
 * map_card_check(A, response, ret_why):
 * The rules of the specification for a response, once more and independently
 * of how it was written [R48].  BAD with the element path and what is wrong in
 * ${ret_why}; NOMEM.
 */
struct sv_status map_card_check(struct sv_arena *A, struct sv_str response,
    struct sv_str *ret_why) SV_CHECK;

#endif
