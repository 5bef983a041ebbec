#include "ad_client.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECT_S 10L
#define STALL_S 60L		/* without a byte, where there is no time limit */

struct ad_client {
	struct ad_client_peer peer;
	CURL *curl;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	char *body;
	size_t n, cap, max;
	bool too_large;
	bool (*sink)(void *ctx, struct sv_str piece);
	void *ctx;
	struct ad_client_answer answer;
};

struct ad_client *
ad_client_new(const struct ad_client_peer *peer)
{
	struct ad_client *C = calloc(1, sizeof(*C));

	if (C == NULL)
		return NULL;
	C->peer = *peer;
	if ((C->curl = curl_easy_init()) == NULL) {
		free(C);
		return NULL;
	}
	return C;
}

void
ad_client_free(struct ad_client *C)
{
	if (C == NULL)
		return;
	curl_easy_cleanup(C->curl);
	curl_slist_free_all(C->headers);
	free(C->body);
	free(C);
}

CURL *
ad_client_handle(struct ad_client *C)
{
	return C->curl;
}

/* Room for ${n} more bytes and a NUL. */
static bool
reserve(struct ad_client *C, size_t n)
{
	size_t cap = C->cap < 16384 ? 16384 : C->cap;
	char *p;

	while (cap < C->n + n + 1)
		cap *= 2;
	if (cap == C->cap)
		return true;
	if ((p = realloc(C->body, cap)) == NULL)
		return false;
	C->body = p;
	C->cap = cap;
	return true;
}

static size_t
keep(char *p, size_t size, size_t count, void *ctx)
{
	struct ad_client *C = ctx;
	size_t n = size * count;

	if (n > C->max - C->n) {
		C->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (C->sink != NULL) {
		C->n += n;
		return C->sink(C->ctx, (struct sv_str){ p, n }) ? n
		    : CURL_WRITEFUNC_ERROR;
	}
	if (!reserve(C, n))
		return CURL_WRITEFUNC_ERROR;
	memcpy(C->body + C->n, p, n);
	C->n += n;
	return n;
}

/* A number of 127/8, "localhost" or "[::1]" before a port, a path or the end.
 * "127.example" is a name like any other. */
static bool
is_loopback(const char *host)
{
	size_t n = strcspn(host, "/?#");
	struct sv_str s = { host, n };
	size_t digits;

	if (sv_str_chr(s, '@') < n)
		return false;
	n = host[0] == '[' ? sv_str_chr(s, ']') + 1 : sv_str_chr(s, ':');
	s.n = n < s.n ? n : s.n;
	digits = strspn(s.p, "0123456789.");
	return sv_str_is(s, "localhost") || sv_str_is(s, "[::1]")
	    || (sv_str_starts(s, SV_LIT("127.")) && digits >= s.n);
}

bool
ad_client_may_ask(const char *url, bool plain)
{
	if (strncmp(url, "https://", 8) == 0)
		return url[8] != '\0';
	return plain && strncmp(url, "http://", 7) == 0 && is_loopback(url + 7);
}

/* Add "${name}${value}" to the headers.  A line end in it would begin another
 * header. */
static struct sv_status
add_header(struct ad_client *C, const char *name, const char *value)
{
	char line[9000];
	struct curl_slist *l;
	int n;

	if (value == NULL)
		return SV_OK;
	n = snprintf(line, sizeof(line), "%s%s", name, value);
	SV_ENSURE(n >= 0 && (size_t)n < sizeof(line)
	    && strpbrk(line, "\r\n") == NULL, SV_BAD);
	l = curl_slist_append(C->headers, line);
	OPENSSL_cleanse(line, sizeof(line));
	SV_ENSURE(l != NULL, SV_NOMEM);
	C->headers = l;
	return SV_OK;
}

static struct sv_status
set_headers(struct ad_client *C, const struct ad_client_request *r)
{
	curl_slist_free_all(C->headers);
	C->headers = NULL;
	/* No "Expect: 100-continue": it costs a round trip a post. */
	SV_TRY(add_header(C, "Expect:", ""));
	SV_TRY(add_header(C, "Content-Type: ", r->media));
	SV_TRY(add_header(C, "Accept: ", r->accept));
	SV_TRY(add_header(C, "Authorization: ", r->authorization));
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		SV_TRY(add_header(C, "", r->headers[i]));
	return SV_OK;
}

#define SET(option, value) \
	(curl_easy_setopt(C->curl, (option), (value)) == CURLE_OK)

/* What holds for every request. */
static const struct {
	CURLoption option;
	long value;
} always[] = {
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_NOSIGNAL, 1 },	/* threads: no SIGALRM */
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS },
	{ CURLOPT_PIPEWAIT, 1 }		/* rather a stream than a connection */
};

static bool
set_always(struct ad_client *C)
{
	bool ok = SET(CURLOPT_PROTOCOLS_STR, C->peer.plain ? "https,http"
	    : "https");

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		ok = ok && SET(always[i].option, always[i].value);
	return ok && SET(CURLOPT_USERAGENT, "salvor")
	    && SET(CURLOPT_ERRORBUFFER, C->error)
	    && SET(CURLOPT_WRITEFUNCTION, keep) && SET(CURLOPT_WRITEDATA, C)
	    && SET(CURLOPT_PRIVATE, C->ctx);
}

/* Text that is not given is left as it is. */
static bool
set_text(struct ad_client *C, CURLoption option, const char *value)
{
	return value == NULL || SET(option, value);
}

static bool
set_peer(struct ad_client *C)
{
	const struct ad_client_peer *p = &C->peer;

	return set_text(C, CURLOPT_CAINFO, p->ca)
	    && set_text(C, CURLOPT_SSLCERT, p->certificate)
	    && set_text(C, CURLOPT_SSLKEY, p->key)
	    && set_text(C, CURLOPT_PROXY, p->proxy);
}

static bool
set_limits(struct ad_client *C)
{
	long s = C->peer.timeout_s;

	if (!SET(CURLOPT_CONNECTTIMEOUT, s > 0 && s < CONNECT_S ? s
	    : CONNECT_S))
		return false;
	if (s > 0)
		return SET(CURLOPT_TIMEOUT, s);
	return SET(CURLOPT_LOW_SPEED_LIMIT, 1L)
	    && SET(CURLOPT_LOW_SPEED_TIME, STALL_S);
}

static bool
set_body(struct ad_client *C, struct sv_str body)
{
	return body.p == NULL || (SET(CURLOPT_POST, 1L)
	    && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n)
	    && SET(CURLOPT_POSTFIELDS, body.p));
}

static bool
set_request(struct ad_client *C, const struct ad_client_request *r)
{
	return SET(CURLOPT_URL, r->url) && SET(CURLOPT_HTTPHEADER, C->headers)
	    && set_body(C, r->body) && SET(CURLOPT_CUSTOMREQUEST, r->method)
	    && set_text(C, CURLOPT_USERNAME, r->user)
	    && set_text(C, CURLOPT_PASSWORD, r->password);
}

struct sv_status
ad_client_prepare(struct ad_client *C, const struct ad_client_request *r)
{
	curl_easy_reset(C->curl);
	C->answer = (struct ad_client_answer){ .code = CURLE_OK, .why = "" };
	C->error[0] = '\0';
	C->n = 0;
	C->max = r->max_answer;
	C->too_large = false;
	C->sink = r->sink;
	C->ctx = r->ctx;
	SV_ENSURE(ad_client_may_ask(r->url, C->peer.plain), SV_BAD);
	SV_TRY(set_headers(C, r));
	SV_ENSURE(set_always(C) && set_peer(C) && set_limits(C)
	    && set_request(C, r), SV_NOMEM);
	return SV_OK;
}

const struct ad_client_answer *
ad_client_finish(struct ad_client *C, CURLcode code)
{
	struct ad_client_answer *a = &C->answer;
	curl_off_t after = 0, ready = 0;
	const char *media = NULL;

	(void)curl_easy_getinfo(C->curl, CURLINFO_RESPONSE_CODE, &a->status);
	(void)curl_easy_getinfo(C->curl, CURLINFO_RETRY_AFTER, &after);
	(void)curl_easy_getinfo(C->curl, CURLINFO_CONTENT_TYPE, &media);
	(void)curl_easy_getinfo(C->curl, CURLINFO_PRETRANSFER_TIME_T, &ready);
	a->code = code;
	a->sent = ready > 0;
	a->retry_after_s = (int64_t)after;
	a->media = sv_str_of(media);
	a->too_large = C->too_large;
	if (C->sink == NULL && C->body != NULL) {
		C->body[C->n] = '\0';
		a->body = (struct sv_str){ C->body, C->n };
	}
	a->why = code == CURLE_OK ? "" : C->too_large
	    ? "the answer is too large" : C->error[0] != '\0' ? C->error
	    : curl_easy_strerror(code);
	return a;
}

const struct ad_client_answer *
ad_client_ask(struct ad_client *C, const struct ad_client_request *r)
{
	struct sv_status s = ad_client_prepare(C, r);

	if (sv_is_ok(s))
		return ad_client_finish(C, curl_easy_perform(C->curl));
	C->answer.code = s.code == SV_CODE_NOMEM ? CURLE_OUT_OF_MEMORY
	    : CURLE_URL_MALFORMAT;
	C->answer.why = s.code == SV_CODE_NOMEM ? "not enough memory"
	    : "not an https:// URL";
	return &C->answer;
}

struct sv_str
ad_client_header(struct ad_client *C, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(C->curl, name, 0, CURLH_HEADER, -1, &h)
	    != CURLHE_OK)
		return (struct sv_str){ "", 0 };
	return sv_str_of(h->value);
}

/* A secret that others on the machine can use is none of ours alone.  What is
 * no file, such as a pipe, has no mode to speak of. */
static struct sv_status
check_private(int fd, const char *path, struct sv_err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode)
	    || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0))
		return SV_OK;
	sv_err_set(err, path, "it can be used by others (mode %04o); run: "
	    "chmod 600 %s", (unsigned)(st.st_mode & 07777), path);
	return SV_BAD;
}

struct sv_status
ad_client_secret_file(const char *path, char *ret, size_t size, size_t *ret_n,
    struct sv_err *err)
{
	FILE *f = fopen(path, "r");
	struct sv_status s;
	size_t n = 0;

	if (f == NULL) {
		sv_err_set(err, path, "it cannot be read: %s", strerror(errno));
		return SV_BAD;
	}
	(void)setvbuf(f, NULL, _IONBF, 0);	/* no copy is left behind */
	s = check_private(fileno(f), path, err);
	if (sv_is_ok(s)) {
		n = fread(ret, 1, size - 1, f);
		ret[n] = '\0';
		if (n == 0 || n == size - 1) {
			sv_err_set(err, path, n == 0 ? "it is empty or cannot "
			    "be read" : "it is too long");
			s = SV_BAD;
		}
	}
	(void)fclose(f);
	*ret_n = n;
	return s;
}

struct sv_status
ad_client_secret(const char *path, char *ret, size_t size, struct sv_err *err)
{
	size_t n;

	SV_TRY(ad_client_secret_file(path, ret, size, &n, err));
	ret[strcspn(ret, "\r\n")] = '\0';
	if (ret[0] != '\0')
		return SV_OK;
	sv_err_set(err, path, "its first line is empty");
	return SV_BAD;
}
