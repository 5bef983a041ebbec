/*
 * Requests that two servers could read as different ones.  A proxy in front of
 * Salvor and Salvor must see the same requests, or one sender's bytes become
 * another's request (RFC 9112 section 11.2); evhttp takes the first of two
 * headers, "+5" for a length, and any coding for none.
 */
#include "ad_http_server.h"

#include <string.h>
#include <strings.h>

/* One at most of each. */
static const char *const single[] = { "Content-Length", "Transfer-Encoding",
	"Host", "Authorization", "Content-Type", "Content-Encoding",
	"X-Request-Id" };

static size_t
count(const struct evkeyvalq *headers, const char *name)
{
	const struct evkeyval *h;
	size_t n = 0;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next)
		n += strcasecmp(h->key, name) == 0;
	return n;
}

/* A field name is a token (RFC 9110 section 5.6.2): no blank before the colon
 * and nothing that some would read as a separator. */
static bool
is_token(const char *s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	const char *p;

	for (p = s; *p != '\0'; p++) {
		if (!(*p >= '0' && *p <= '9')
		    && !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
		    && strchr(others, *p) == NULL)
			return false;
	}
	return p > s;
}

/* A field value has no control character but tab (section 5.5). */
static bool
is_clean(const char *s)
{
	for (; *s != '\0'; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

static bool
are_fields_good(const struct evkeyvalq *headers)
{
	const struct evkeyval *h;

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		if (count(headers, single[i]) > 1)
			return false;
	}
	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (!is_token(h->key) || !is_clean(h->value))
			return false;
	}
	return true;
}

bool
ad_http_is_clear(struct evhttp_request *req)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	const char *length = evhttp_find_header(headers, "Content-Length");
	const char *coding = evhttp_find_header(headers, "Transfer-Encoding");

	if (!are_fields_good(headers))
		return false;
	if (length != NULL && (length[0] == '\0'
	    || strspn(length, "0123456789") != strlen(length)))
		return false;
	return coding == NULL
	    || (length == NULL && strcasecmp(coding, "chunked") == 0);
}
