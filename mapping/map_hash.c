#include "map_hash.h"

#include <openssl/evp.h>

/* A length before each part keeps ("ab", "c") and ("a", "bc") apart. */
static bool
update(EVP_MD_CTX *c, struct sv_str part)
{
	unsigned char n[8];

	for (int i = 0; i < 8; i++)
		n[i] = (unsigned char)((uint64_t)part.n >> (8 * i));
	return EVP_DigestUpdate(c, n, sizeof(n)) == 1
	    && (part.n == 0 || EVP_DigestUpdate(c, part.p, part.n) == 1);
}

struct sv_status
map_hash(const struct sv_str *parts, size_t n, char ret_hex[MAP_HASH_HEX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int md_n = 0;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; i < n; i++)
		ok = ok && update(c, parts[i]);
	ok = ok && EVP_DigestFinal_ex(c, md, &md_n) == 1;
	EVP_MD_CTX_free(c);
	SV_ENSURE(ok && md_n * 2 == MAP_HASH_HEX, SV_NOMEM);
	for (unsigned int i = 0; i < md_n; i++) {
		ret_hex[2 * i] = hex[md[i] >> 4];
		ret_hex[2 * i + 1] = hex[md[i] & 15];
	}
	return SV_OK;
}

struct sv_status
map_uuid(const struct sv_str *parts, size_t n, char ret[MAP_UUID_TEXT])
{
	static const char pattern[] = "xxxxxxxx-xxxx-5xxx-8xxx-xxxxxxxxxxxx";
	char hex[MAP_HASH_HEX];
	size_t at = 0;

	SV_TRY(map_hash(parts, n, hex));
	for (size_t i = 0; i < sizeof(pattern); i++)
		ret[i] = pattern[i] == 'x' ? hex[at++] : pattern[i];
	return SV_OK;
}
