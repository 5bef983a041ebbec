/* Every row of what an answer to a status request means (bulk.md S2 to S6), and
 * how long is waited (S3). */
#include <criterion/criterion.h>

#include "ad_bulk_status.h"
#include "test_arena.h"

#define OUTCOME(code) "{\"resourceType\":\"OperationOutcome\",\"issue\":[{" \
	"\"severity\":\"error\",\"code\":\"" code "\",\"diagnostics\":\"disk\\nfull\"}]}"

static const struct {
	long status;
	const char *separate, *body;
	enum ad_bulk_says want;
} rows[] = {
	{ 202, "", "", AD_BULK_WAIT },
	{ 202, "", "{\"transactionTime\":\"...\"}", AD_BULK_WAIT },
	{ 429, "", OUTCOME("throttled"), AD_BULK_WAIT },
	{ 200, "", "{}", AD_BULK_READY },
	{ 200, "202 Accepted", "", AD_BULK_WAIT },
	{ 200, "202", "", AD_BULK_WAIT },
	{ 200, "200 OK", "{}", AD_BULK_READY },
	{ 200, "500 Internal Server Error", OUTCOME("transient"),
	    AD_BULK_AGAIN },
	{ 200, "400", OUTCOME("invalid"), AD_BULK_FAILED },
	{ 200, "404", "", AD_BULK_LOST },
	{ 401, "", "", AD_BULK_TOKEN },
	{ 403, "", "", AD_BULK_FAILED },
	{ 404, "", OUTCOME("not-found"), AD_BULK_LOST },
	{ 410, "", "", AD_BULK_LOST },
	{ 408, "", "<html>", AD_BULK_AGAIN }, { 425, "", "", AD_BULK_AGAIN },
	{ 500, "", "", AD_BULK_AGAIN }, { 502, "", "<html>", AD_BULK_AGAIN },
	{ 503, "", OUTCOME("lock-error"), AD_BULK_AGAIN },
	{ 500, "", OUTCOME("exception"), AD_BULK_AGAIN },
	{ 500, "", OUTCOME("not-supported"), AD_BULK_FAILED },
	{ 400, "", OUTCOME("invalid"), AD_BULK_FAILED },
	{ 400, "", OUTCOME("incomplete"), AD_BULK_AGAIN },
	{ 301, "", "", AD_BULK_FAILED },
};

Test(bulk_status, rows)
{
	struct sv_arena A = test_arena((size_t)16 << 20);
	char reason[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ad_bulk_answer a = { .arrived = true,
			.status = rows[i].status,
			.export_status = sv_str_of(rows[i].separate),
			.body = sv_str_of(rows[i].body) };

		cr_expect_eq(ad_bulk_status_of(&A, &a, reason), rows[i].want,
		    "row %zu", i);
		if (rows[i].want == AD_BULK_FAILED)
			cr_expect(reason[0] != '\0', "row %zu", i);
		cr_expect(sv_str_chr(sv_str_of(reason), '\n')
		    == sv_str_of(reason).n);
	}
	cr_expect_eq(ad_bulk_status_of(&A, &(struct ad_bulk_answer){
	    .arrived = false }, reason), AD_BULK_AGAIN);
	sv_arena_free(&A);
}

static int64_t
delay(int tries, int64_t retry_after_s, uint32_t random)
{
	return ad_bulk_delay_ms(&(struct ad_bulk_pace){ 5000, tries,
	    retry_after_s }, random);
}

Test(bulk_status, delay)
{
	const int64_t max = AD_BULK_MAX_WAIT_S * 1000;

	cr_expect_eq(delay(1, 1, 0), 1000);
	cr_expect_eq(delay(1, 120, 0), 120000);
	cr_expect_eq(delay(9, 18000, 0), max);	/* five hours */
	cr_expect_eq(delay(1, 0, 0), 5000);
	cr_expect_eq(delay(1, -5, 0), 5000);
	cr_expect_eq(delay(2, 1795490296555, 0), 10000);
	cr_expect_eq(delay(100, 0, 0), max);
	for (uint32_t r = 0; r < 100000; r += 17) {
		int64_t ms = delay(3, 0, r);

		cr_expect(ms >= 18000 && ms <= 20000);
	}
}
