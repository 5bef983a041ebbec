#include "ad_apply.h"

#include <stdlib.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_store_pack.h"
#include "fhir_type.h"
#include "sv_date.h"
#include "sv_limits.h"

/* The reference date is the day on which the message came, UTC. */
static struct sv_status
set_clock(struct ad_intake *I, int64_t ms)
{
	I->recorded = ad_instant(&I->A, ms);
	SV_ENSURE(I->recorded.p != NULL, SV_NOMEM);
	SV_ENSURE(I->recorded.n > 0, SV_BUG);
	I->as_of = (int32_t)(ms / 86400000);
	return SV_OK;
}

static struct sv_status
refuse(struct ad_intake *I, int status, const char *text)
{
	fhir_issue_addf(&I->whole.is, FHIR_FATAL, FHIR_CODE_INVALID,
	    (struct sv_str){ NULL, 0 }, "%s", text);
	I->whole.fate = AD_FATE_REFUSED;
	I->whole.status = status;
	return SV_OK;
}

/* Does what was sent fit where it was sent to? */
static struct sv_status
check_target(struct ad_intake *I)
{
	const struct fhir_doc *d = &I->doc;
	const struct ad_request *r = &I->r;

	if (r->process_message && !sv_str_is(d->bundle_type, "message"))
		return refuse(I, 400, "$process-message takes a Bundle of type "
		    "message.");
	if (r->type.n > 0 && !sv_str_eq(r->type, d->resource_type))
		return refuse(I, 400, "The resource is not of the type that "
		    "the URL names.");
	if (r->id.n > 0 && !sv_str_eq(r->id, d->id))
		return refuse(I, 400, "The id of the resource is not the one "
		    "that the URL names.");
	if (sv_str_is(d->bundle_type, "message") && (d->n_entries == 0
	    || !sv_str_is(d->entries[0].resource_type, "MessageHeader")))
		return refuse(I, 400, "The first entry of a message is its "
		    "MessageHeader.");
	return SV_OK;
}

/* A DELETE has no body: it is as a Bundle with one entry. */
static struct sv_status
read_delete(struct ad_intake *I)
{
	struct fhir_entry *e = sv_arena_zalloc(&I->A, 1, sizeof(*e));

	SV_ENSURE(e != NULL, SV_NOMEM);
	e->method = SV_LIT("DELETE");
	e->resource_type = I->r.type;
	e->path = "Bundle.entry[0]";
	e->url = sv_arena_printf(&I->A, "%.*s/%.*s", SV_FMT(I->r.type),
	    SV_FMT(I->r.id));
	SV_ENSURE(e->url.p != NULL, SV_NOMEM);
	I->doc.entries = e;
	I->doc.n_entries = 1;
	return SV_OK;
}

static struct sv_status
read_document(struct ad_intake *I)
{
	struct sv_status s;

	if (sv_str_is(I->r.method, "DELETE"))
		return read_delete(I);
	s = fhir_doc_read(&I->A, I->r.body, &I->doc, &I->whole.is);
	if (s.code == SV_CODE_NOMEM)
		return s;
	if (!sv_is_ok(s)) {
		I->whole.fate = AD_FATE_REFUSED;
		I->whole.status = s.code == SV_CODE_LIMIT ? 413 : 400;
		return SV_OK;
	}
	return check_target(I);
}

/* The key by which a repeated message is known: MessageHeader.id (R4
 * messaging.html#2.4.2).  Other Bundles may be applied twice; that changes
 * nothing. */
static struct sv_status
read_key(struct ad_intake *I)
{
	struct fhir_at root;

	if (I->whole.fate == AD_FATE_REFUSED
	    || !sv_str_is(I->doc.bundle_type, "message"))
		return SV_OK;
	SV_TRY(fhir_entry_tree(&I->A, &I->doc.entries[0]));
	root = fhir_entry_root(&I->doc.entries[0]);
	I->m.key = fhir_text(&root, "id");
	/* Without it neither a repetition is known nor can it be answered:
	 * MessageHeader.response.identifier is required. */
	return I->m.key.n > 0 ? SV_OK : refuse(I, 400, "The MessageHeader has "
	    "no id.");
}

static void
own(struct sv_arena *A, struct sv_str *v, bool *ok)
{
	*v = sv_arena_str(A, *v);
	*ok = *ok && v->p != NULL;
}

static struct sv_status
read_all(struct ad_intake *I)
{
	bool ok = true;

	own(&I->A, &I->r.source, &ok);
	own(&I->A, &I->r.method, &ok);
	own(&I->A, &I->r.type, &ok);
	own(&I->A, &I->r.id, &ok);
	own(&I->A, &I->r.media, &ok);
	own(&I->A, &I->r.correlation, &ok);
	own(&I->A, &I->r.body, &ok);
	SV_ENSURE(ok, SV_NOMEM);
	SV_TRY(set_clock(I, I->r.received_ms));
	fhir_issues_init(&I->whole.is, &I->A);
	I->whole.status = 200;
	I->m = (struct ad_message){ .received_ms = I->r.received_ms,
		.source = I->r.source, .method = I->r.method,
		.media = I->r.media, .correlation = I->r.correlation,
		.body = ad_store_pack(&I->A, AD_PACK_MESSAGE, I->r.body),
		.body_size = I->r.body.n };
	I->m.target = I->r.id.n == 0 ? I->r.type : sv_arena_printf(&I->A,
	    "%.*s/%.*s", SV_FMT(I->r.type), SV_FMT(I->r.id));
	SV_ENSURE(I->m.body.p != NULL && I->m.target.p != NULL, SV_NOMEM);
	SV_TRY(read_document(I));
	SV_TRY(read_key(I));
	return I->whole.fate == AD_FATE_APPLIED ? ad_read_sets(I) : SV_OK;
}

struct sv_status
ad_intake_read(const struct ad_intake_config *cfg, const struct ad_request *r,
    struct ad_intake **ret)
{
	struct ad_intake *I = calloc(1, sizeof(*I));
	struct sv_status s;

	SV_ENSURE(I != NULL, SV_NOMEM);
	I->A = ad_arena(SV_LIMIT_ARENA);
	I->cfg = cfg;
	I->r = *r;
	s = read_all(I);
	if (!sv_is_ok(s)) {
		ad_intake_free(I);
		return s;
	}
	*ret = I;
	return SV_OK;
}

/* The message came before: answer as then. */
static struct sv_status
answer_again(struct ad_intake *I, struct ad_store *S)
{
	struct ad_message before;
	struct sv_status s;

	if (I->m.key.n == 0 || I->replayed != 0)
		return SV_SKIP;
	s = ad_store_find_message(S, &I->A, I->r.source, I->m.key, &before);
	SV_TRY(s);
	I->duplicate = true;
	I->m = before;
	return SV_OK;
}

/* A patient that cannot be decided needs a person; its data stay. */
static struct sv_status
decide_batch(struct ad_intake *I, struct ad_store *S)
{
	struct sv_status s;

	SV_TRY(ad_store_savepoint(S));
	s = ad_store_end_savepoint(S, ad_redecide_all(I, S, &I->whole.is));
	if (sv_is_ok(s))
		return SV_OK;
	I->whole.fate = AD_FATE_HELD;
	return ad_is_hopeless(s) ? SV_OK : s;
}

/* The entries of a batch one after the other; the worst fate is the fate of
 * the message, but what could be applied was. */
static struct sv_status
apply_batch(struct ad_intake *I, struct ad_store *S)
{
	size_t n = I->doc.n_entries, refused = 0;

	for (size_t i = 0; i < n; i++) {
		if (I->each[i].fate == AD_FATE_APPLIED)
			SV_TRY(ad_apply_set(I, S, (struct ad_set){
			    &I->doc.entries[i], 1 }, &I->each[i]));
		refused += I->each[i].fate == AD_FATE_REFUSED ? 1 : 0;
		if (I->each[i].fate == AD_FATE_HELD)
			I->whole.fate = AD_FATE_HELD;
	}
	if (n > 0 && refused == n)
		I->whole.fate = AD_FATE_REFUSED;
	return decide_batch(I, S);
}

static struct sv_status
apply(struct ad_intake *I, struct ad_store *S)
{
	if (I->whole.fate != AD_FATE_APPLIED)
		return SV_OK;
	if (I->each != NULL)
		return apply_batch(I, S);
	return ad_apply_set(I, S, (struct ad_set){ I->doc.entries,
	    I->doc.n_entries }, &I->whole);
}

/* One line for operators: the first thing that is wrong. */
static struct sv_str
reason_of(const struct fhir_issues *is)
{
	for (size_t i = 0; i < is->n; i++) {
		if (is->at[i].severity <= FHIR_ERROR)
			return is->at[i].text;
	}
	return (struct sv_str){ "", 0 };
}

/* A refused message may come again, repaired, under the same id. */
static void
settle(struct ad_intake *I)
{
	I->m.fate = I->whole.fate;
	I->m.status = I->whole.status;
	if (I->whole.fate == AD_FATE_APPLIED)
		return;
	I->m.reason = reason_of(&I->whole.is);
	for (size_t i = 0; I->each != NULL && i < I->doc.n_entries
	    && I->m.reason.n == 0; i++)
		I->m.reason = reason_of(&I->each[i].is);
	if (I->whole.fate == AD_FATE_REFUSED)
		I->m.key = (struct sv_str){ "", 0 };
}

/* A replayed message has its number, and its record. */
static struct sv_status
record(struct ad_intake *I, struct ad_store *S)
{
	settle(I);
	SV_TRY(ad_answer_write(I));
	return I->replayed == 0 ? ad_store_put_message(S, &I->m)
	    : ad_store_settle_message(S, &I->m);
}

struct sv_status
ad_intake_apply(struct ad_intake *I, struct ad_store *S)
{
	struct sv_status s;

	if (I->review)
		return I->ahead != NULL ? ad_redecide_write(I, S)
		    : ad_redecide_each(I, S);
	s = answer_again(I, S);
	if (s.code != SV_CODE_SKIP)
		return s;
	/* What it leaves behind names it: it has a number before its record is
	 * written, once, at the end. */
	I->m.id = I->replayed;
	if (I->replayed == 0)
		SV_TRY(ad_store_next_message(S, &I->m.id));
	SV_TRY(apply(I, S));
	return record(I, S);
}

struct ad_answer
ad_intake_answer(const struct ad_intake *I)
{
	return (struct ad_answer){ .status = I->m.status, .body = I->m.answer,
		.fate = I->m.fate, .message = I->m.id,
		.duplicate = I->duplicate, .n_posts = I->n_posts,
		.is_bundle = I->doc.is_bundle,
		.n_decided = I->duplicate ? 0 : I->affected.n
		    - I->n_undecided, .n_undecided = I->n_undecided,
		.change = I->change };
}

/* "Observation/e4" */
static void
split_target(struct sv_str target, struct ad_request *r)
{
	size_t slash = sv_str_chr(target, '/');

	r->type = (struct sv_str){ target.p, slash };
	r->id = sv_str_from(target, slash + 1);
}

struct sv_status
ad_intake_replay(const struct ad_intake_config *cfg, struct ad_store *S,
    int64_t id, int64_t now_ms, struct ad_intake **ret)
{
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct ad_message m;
	struct ad_request r = { .received_ms = now_ms };
	struct sv_status s = ad_store_get_message(S, &A, id, &m);

	if (sv_is_ok(s) && !sv_str_is(m.method, "DELETE"))
		s = ad_store_unpack(&A, m.body, SV_LIMIT_DOCUMENT, &r.body);
	if (sv_is_ok(s)) {
		r.source = m.source;
		r.method = m.method;
		r.media = m.media;
		r.correlation = m.correlation;
		split_target(m.target, &r);
		s = ad_intake_read(cfg, &r, ret);
	}
	if (sv_is_ok(s))
		(*ret)->replayed = id;
	sv_arena_free(&A);
	return s;
}

/* Its posts are told apart from those of messages by their correlation. */
static struct sv_status
begin_review(struct ad_intake *I, int64_t now_ms,
    const struct ad_patient_ids *patients)
{
	struct sv_str sha = I->cfg->sha256;

	SV_TRY(set_clock(I, now_ms));
	I->review = true;
	I->r.received_ms = now_ms;
	I->r.correlation = sv_arena_printf(&I->A, "rules-%.12s", sha.p);
	SV_ENSURE(I->r.correlation.p != NULL && sha.n >= 12, SV_NOMEM);
	for (size_t i = 0; i < patients->n; i++)
		SV_TRY(ad_apply_affects(I, patients->at[i]));
	return SV_OK;
}

struct sv_status
ad_intake_review(const struct ad_intake_config *cfg, int64_t now_ms,
    const struct ad_patient_ids *patients, struct ad_intake **ret)
{
	struct ad_intake *I = calloc(1, sizeof(*I));
	struct sv_status s;

	SV_ENSURE(I != NULL, SV_NOMEM);
	I->A = ad_arena(SV_LIMIT_ARENA);
	I->cfg = cfg;
	s = begin_review(I, now_ms, patients);
	if (!sv_is_ok(s)) {
		ad_intake_free(I);
		return s;
	}
	*ret = I;
	return SV_OK;
}

struct sv_status
ad_intake_ahead(struct ad_intake *I, struct ad_store *S)
{
	return ad_redecide_ahead(I, S);
}

void
ad_intake_attribute(struct ad_intake *I, int64_t message,
    struct sv_str correlation)
{
	I->m.id = message;
	I->r.correlation = correlation;
}

void
ad_intake_free(struct ad_intake *I)
{
	if (I == NULL)
		return;
	sv_arena_free(&I->A);
	free(I);
}
