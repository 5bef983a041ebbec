/*
 * What is packed comes back as it was; short of memory is not damaged.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <zstd.h>

#include "ad_store_pack.h"
#include "ad_store_sample.h"
#include "sv_limits.h"
#include "test_arena.h"

static bool starved;
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);

/* The linker puts it in place of the library's (see meson.build). */
ZSTD_DCtx *
__wrap_ZSTD_createDCtx(void)
{
	return starved ? NULL : __real_ZSTD_createDCtx();
}

Test(pack, comes_back_as_it_was)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str text[] = { SV_LIT("a"), SV_LIT("{\"a\":[1,1,1,1,1,1]}"),
		sv_arena_printf(&A, "%0900d", 7) };

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct sv_str packed = ad_store_pack(&A, AD_PACK_MESSAGE,
		    text[i]), other, back;

		/* What is packed next does not lie over it. */
		other = ad_store_pack(&A, AD_PACK_MESSAGE, text[(i + 1) % 3]);
		cr_assert(packed.p != NULL && other.p != NULL);
		cr_assert(sv_is_ok(ad_store_unpack(&A, packed, 4096, &back)));
		cr_assert(sv_str_eq(back, text[i]));
	}
	sv_arena_free(&A);
}

typedef struct sv_status unpacker(struct sv_arena *A, struct sv_str packed,
    size_t ceiling, struct sv_str *ret);

/* ${packed} is ${text}, and nothing once a part of it is missing. */
static void
comes_back(unpacker *unpack, struct sv_arena *A, struct sv_str packed,
    struct sv_str text)
{
	struct sv_str back;

	cr_assert(packed.p != NULL);
	cr_assert(sv_is_ok(unpack(A, packed, 4096, &back)));
	cr_assert(sv_str_eq(back, text));
	packed.n--;
	cr_assert_eq(unpack(A, packed, 4096, &back).code, SV_CODE_BAD);
	packed.n = 1;
	cr_assert_eq(unpack(A, packed, 4096, &back).code, SV_CODE_BAD);
}

Test(pack, guidance_comes_back_and_is_small)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str text = SV_LIT("{\"resourceType\":\"Bundle\",\"type\":"
	    "\"transaction\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":"
	    "{\"resourceType\":\"GuidanceResponse\",\"meta\":{\"security\":[{"
	    "\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Observation"
	    "Value\",\"code\":\"AIAST\"}]}}}]}");
	struct sv_str packed = ad_store_pack(&A, AD_PACK_GUIDANCE, text);

	cr_assert(packed.n < 60);
	comes_back(ad_store_unpack, &A, packed, text);
	packed = ad_store_pack(&A, AD_PACK_GUIDANCE_7, text);
	comes_back(ad_store_unpack, &A, packed, text);
	sv_arena_free(&A);
}

Test(pack, a_resource_comes_back_and_is_small)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str text = SV_LIT("{\"resourceType\":\"Observation\",\"id\":"
	    "\"x\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"2857-1\"}]},\"subject\":{"
	    "\"reference\":\"Patient/7\"},\"effectiveDateTime\":\"2026-01-02\","
	    "\"valueQuantity\":{\"value\":0.20,\"unit\":\"ng/mL\"}}");
	struct sv_str packed = ad_store_pack(&A, AD_PACK_RESOURCE, text);

	cr_assert(packed.n < text.n / 2, "%zu of %zu", packed.n, text.n);
	comes_back(ad_store_unpack, &A, packed, text);
	comes_back(ad_store_unpack_resource, &A, packed, text);
	packed = ad_store_pack(&A, AD_PACK_RESOURCE_9, text);
	comes_back(ad_store_unpack_resource, &A, packed, text);
	sv_arena_free(&A);
}

/* What layout 9 packed, byte for byte. */
Test(pack, a_resource_of_an_earlier_layout_comes_back)
{
	static const unsigned char kept[] = { 0x02, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x34, 0xfd, 0x00, 0x00, 0xa0,
	    0x70, 0x37, 0x22, 0x2c, 0x22, 0x67, 0x65, 0x6e, 0x64, 0x65, 0x72,
	    0x22, 0x3a, 0x22, 0x6d, 0x61, 0x6c, 0x65, 0x22, 0x7d, 0x02, 0x00,
	    0x72, 0xb0, 0x76, 0xa0, 0x87, 0x19, 0x02, 0x01 };
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str back;

	cr_assert(sv_is_ok(ad_store_unpack_resource(&A, (struct sv_str){
	    (const char *)kept, sizeof(kept) }, 4096, &back)));
	cr_assert(sv_str_is(back, "{\"resourceType\":\"Patient\",\"id\":"
	    "\"p7\",\"gender\":\"male\"}"));
	sv_arena_free(&A);
}

/* Layouts up to 8 kept resources as they came. */
Test(pack, a_resource_that_was_not_packed_is_itself)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str text = SV_LIT(" {\"resourceType\":\"Patient\"}"), back;

	cr_assert(sv_is_ok(ad_store_unpack_resource(&A, text, 4096, &back)));
	cr_assert(sv_str_eq(back, text) && back.p != text.p);
	cr_assert_eq(ad_store_unpack_resource(&A, text, 9, &back).code,
	    SV_CODE_BAD);
	text.n = 0;
	cr_assert_eq(ad_store_unpack_resource(&A, text, 9, &back).code,
	    SV_CODE_SKIP);
	sv_arena_free(&A);
}

/* FNV-1a, 64 bits. */
static uint64_t
hash(struct sv_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* Stores hold what was packed with them. */
Test(pack, the_samples_stay)
{
	cr_assert_eq(hash(ad_store_sample_guidance), 0xc10db9f8b925c803u);
	cr_assert_eq(hash(ad_store_sample_resources), 0x21531f254f163e97u);
	cr_assert_eq(hash(ad_store_dictionary_guidance), 0x8f5f37349c4c0566u);
	cr_assert_eq(hash(ad_store_dictionary_resources), 0x7323fb2eec8406bau);
}

Test(pack, damaged_and_too_large_are_bad)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str packed = ad_store_pack(&A, AD_PACK_MESSAGE,
	    sv_arena_printf(&A, "%0900d", 7)), back;

	cr_assert_eq(ad_store_unpack(&A, packed, 899, &back).code,
	    SV_CODE_BAD);
	packed.n--;
	cr_assert_eq(ad_store_unpack(&A, packed, 900, &back).code,
	    SV_CODE_BAD);
	sv_arena_free(&A);
}

Test(pack, without_memory_nothing_is_given_up)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str packed = ad_store_pack(&A, AD_PACK_MESSAGE,
	    SV_LIT("text")), back;

	starved = true;
	cr_assert_eq(ad_store_unpack(&A, packed, 100, &back).code,
	    SV_CODE_NOMEM);
	starved = false;
	cr_assert(sv_is_ok(ad_store_unpack(&A, packed, 100, &back)));
	sv_arena_free(&A);
}
