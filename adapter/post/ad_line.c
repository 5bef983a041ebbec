#include "ad_line.h"

#include "ad_clock.h"
#include "ad_memory.h"
#include "sv_limits.h"

#define LOOK_MS 2000		/* the longest that nobody asks the store */
#define RETRY_MS 1000		/* after it failed */

void
ad_job_set(struct ad_job *j, enum ad_job_state state)
{
	j->line->count[j->state]--;
	j->line->count[state]++;
	j->state = state;
}

static void
count(struct ad_line *L, enum ad_outcome o)
{
	switch (o) {
	case AD_OUTCOME_DONE: L->done++; break;
	case AD_OUTCOME_REFUSED: L->refused++; break;
	case AD_OUTCOME_MAYBE: L->maybe++; break;
	default: L->retried++; break;
	}
}

/* Say it when the destination goes, or is back, and of every post that a
 * person has to look at. */
static void
tell(struct ad_line *L, const struct ad_row *r, const char *reason)
{
	bool before = L->open;

	L->open = L->breaker.open;
	if (L->note == NULL)
		return;
	if (r->state == AD_ROW_DEAD)
		L->note("post-dead", L->d.name, r->id, reason);
	if (L->open != before)
		L->note(L->open ? "destination-down" : "destination-back",
		    L->d.name, r->id, reason);
}

void
ad_line_settle(struct ad_job *j, const struct ad_verdict *v,
    int64_t retry_after_s)
{
	struct ad_line *L = j->line;
	struct ad_row *r = &j->row;
	int64_t now = ad_now_ms();
	uint32_t random = ad_random();

	ad_breaker_note(&L->breaker, v->outcome, retry_after_s, now, random);
	r->state = v->outcome == AD_OUTCOME_DONE ? AD_ROW_DONE
	    : ad_breaker_gives_up(&L->breaker, v->outcome, r->attempts, now)
	    ? AD_ROW_DEAD : AD_ROW_WAITING;
	r->due_ms = r->state == AD_ROW_WAITING ? now + ad_outcome_delay_ms(
	    r->attempts, retry_after_s, random) : now;
	r->reason = sv_arena_str(&j->A, sv_str_of(v->reason));
	r->said = v->said;
	if (j->client != NULL)
		L->idle[L->n_idle++] = j->client;
	j->client = NULL;
	count(L, r->state == AD_ROW_DEAD ? AD_OUTCOME_REFUSED : v->outcome);
	ad_job_set(j, AD_JOB_SETTLED);
	tell(L, r, v->reason);
}

static struct ad_job *
next_job(struct ad_line *L, enum ad_job_state state)
{
	struct ad_job *found = NULL;

	for (size_t i = 0; i < AD_LINE_JOBS; i++) {
		struct ad_job *j = &L->job[i];

		if (j->state == state && (found == NULL
		    || j->row.id < found->row.id))
			found = j;
	}
	return found;
}

/* What was claimed and is not sent now waits again, as if untouched. */
static void
give_back(struct ad_line *L)
{
	struct ad_job *j;

	while ((j = next_job(L, AD_JOB_QUEUED)) != NULL) {
		j->row.state = AD_ROW_WAITING;
		j->row.attempts--;
		j->row.due_ms = ad_now_ms();
		ad_job_set(j, AD_JOB_SETTLED);
	}
}

/* Take the claimed ${r} over.  Without memory for it, it waits again. */
static void
queue(struct ad_line *L, const struct ad_row *r)
{
	struct ad_job *j = next_job(L, AD_JOB_FREE);
	struct sv_str body;

	j->A = ad_arena(SV_LIMIT_OUTPUT * 2);
	j->row = *r;
	j->authorization = NULL;
	j->row.decision = sv_arena_str(&j->A, r->decision);
	j->row.correlation = sv_arena_str(&j->A, r->correlation);
	body = sv_arena_str(&j->A, r->body);
	if (j->row.decision.p != NULL && j->row.correlation.p != NULL
	    && body.p != NULL) {
		j->row.body = body;
		ad_job_set(j, AD_JOB_QUEUED);
		return;
	}
	j->row.state = AD_ROW_WAITING;
	j->row.reason = SV_LIT("not enough memory");
	j->row.due_ms = ad_now_ms() + 1000;
	ad_job_set(j, AD_JOB_SETTLED);
}

static void
free_settled(struct ad_line *L)
{
	for (size_t i = 0; i < AD_LINE_JOBS; i++) {
		struct ad_job *j = &L->job[i];

		if (j->state != AD_JOB_SETTLED)
			continue;
		sv_arena_free(&j->A);
		ad_job_set(j, AD_JOB_FREE);
	}
}

/* How many rows to claim: none while the destination is tried, or rests. */
static int
wanted(const struct ad_line *L)
{
	long n = ad_breaker_allows(&L->breaker, ad_now_ms());
	size_t room = L->count[AD_JOB_FREE] + L->count[AD_JOB_SETTLED];

	if (*L->stop_at_ms != 0 || n == 0 || L->count[AD_JOB_QUEUED] > 0)
		return 0;
	if (L->breaker.open)
		return L->count[AD_JOB_RUNNING] == 0 ? 1 : 0;
	n *= 4;		/* enough that one fsync serves many */
	return (int)((size_t)n < room ? (size_t)n : room);
}

/* One turn at the store: what ended is written down, more is claimed.  If the
 * store fails, all of it is done again later; a row that was posted and not
 * written down is posted again after the next start. */
static bool
turn(struct ad_line *L)
{
	struct ad_row settled[AD_LINE_JOBS];
	struct ad_claim c = { .destination = L->d.name, .settled = settled,
		.now_ms = ad_now_ms(), .max = wanted(L),
		.max_bytes = AD_LINE_BYTES };
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	bool ok;

	for (size_t i = 0; i < AD_LINE_JOBS; i++) {
		if (L->job[i].state == AD_JOB_SETTLED)
			settled[c.n_settled++] = L->job[i].row;
	}
	ok = sv_is_ok(ad_store_claim(L->S, &A, &c));
	if (ok)
		free_settled(L);
	for (size_t i = 0; ok && i < c.n; i++)
		queue(L, &c.rows[i]);
	sv_arena_free(&A);
	return ok;
}

/* Ask the store when the next row is due: after a turn, when told that there
 * is something new, and now and then, because an operator's command tells
 * nobody. */
static void
look(struct ad_line *L)
{
	int64_t now = ad_now_ms();
	bool fresh = atomic_exchange(&L->fresh, false);

	if (L->count[AD_JOB_QUEUED] > 0 || now < L->breaker.pause_until_ms
	    || (!fresh && now < L->look_ms))
		return;
	L->look_ms = now + LOOK_MS;
	if (!sv_is_ok(ad_store_next_due(L->S, L->d.name, &L->due_ms)))
		L->due_ms = now + RETRY_MS;
	if (L->due_ms >= 0 && L->due_ms < L->look_ms)
		L->look_ms = L->due_ms;
}

/* Is it time for a turn?  Settled rows go together as long as there are others
 * to send. */
static bool
turn_is_due(const struct ad_line *L)
{
	int64_t now = ad_now_ms();

	if (now < L->rest_ms)
		return false;
	if (L->count[AD_JOB_SETTLED] > 0 && (L->count[AD_JOB_QUEUED] == 0
	    || L->count[AD_JOB_SETTLED] >= AD_LINE_JOBS / 2))
		return true;
	return L->due_ms >= 0 && L->due_ms <= now && wanted(L) > 0;
}

/* How long there is nothing to do, unless something comes. */
static int
wait_ms(const struct ad_line *L)
{
	int64_t now = ad_now_ms(), until = L->look_ms;

	if (*L->stop_at_ms != 0)
		return 20;
	if (until < L->breaker.pause_until_ms)
		until = L->breaker.pause_until_ms;
	if (until < L->rest_ms)
		until = L->rest_ms;
	return (int)(until - now < 1 ? 1 : until - now > LOOK_MS ? LOOK_MS
	    : until - now);
}

/* What libcurl has done with. */
static void
finish_all(struct ad_line *L)
{
	CURLMsg *m;
	int left;
	void *j;

	while ((m = curl_multi_info_read(L->multi, &left)) != NULL) {
		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle,
		    CURLINFO_PRIVATE, &j) == CURLE_OK)
			ad_transfer_finish(j, m->data.result);
	}
}

static void
start_all(struct ad_line *L)
{
	struct ad_job *j;

	while ((long)L->count[AD_JOB_RUNNING] < ad_breaker_allows(&L->breaker,
	    ad_now_ms()) && (j = next_job(L, AD_JOB_QUEUED)) != NULL)
		ad_transfer_start(j);
	if (*L->stop_at_ms != 0 || L->breaker.open
	    || ad_breaker_allows(&L->breaker, ad_now_ms()) == 0)
		give_back(L);
}

static bool
is_over(const struct ad_line *L)
{
	return *L->stop_at_ms != 0 && ((L->count[AD_JOB_RUNNING] == 0
	    && L->count[AD_JOB_SETTLED] == 0)
	    || ad_now_ms() >= *L->stop_at_ms);
}

/* At the end: what is under way may have been stored or not, and is posted
 * again by whoever comes after us. */
static void
break_off(struct ad_line *L)
{
	struct ad_verdict v = { .outcome = AD_OUTCOME_MAYBE,
		.reason = "broken off: the service ended" };
	struct ad_job *j;

	while ((j = next_job(L, AD_JOB_RUNNING)) != NULL) {
		(void)curl_multi_remove_handle(L->multi,
		    ad_client_handle(j->client));
		ad_line_settle(j, &v, 0);
	}
	give_back(L);
	if (L->count[AD_JOB_SETTLED] > 0)
		(void)turn(L);
}

void *
ad_line_work(void *arg)
{
	struct ad_line *L = arg;
	int still = 0;

	while (!is_over(L)) {
		start_all(L);
		(void)curl_multi_perform(L->multi, &still);
		finish_all(L);
		look(L);
		if (turn_is_due(L)) {
			L->fresh = true;
			if (turn(L))
				continue;
			L->rest_ms = ad_now_ms() + RETRY_MS;
		}
		(void)curl_multi_poll(L->multi, NULL, 0, wait_ms(L), NULL);
	}
	break_off(L);
	return NULL;
}
