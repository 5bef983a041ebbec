/*
 * A call of CDS Hooks from the bytes on its connection to the answer: evhttp,
 * the guard, inflation, the token and its signature, the hook or the feedback,
 * cards and their self-check, all in one thread.
 *
 * An input is the header and the claims of a token, a line each, and a request;
 * the token is signed here, for no fuzzer can.  A request without
 * Content-Length gets one.  An input that is no request is a body, and gets a
 * good token.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/thread.h>

#include "ad_base64.h"
#include "ad_cds_part.h"
#include "ad_http_server.h"
#include "ad_jwt.h"
#include "ad_memory.h"
#include "fuzz.h"
#include "vignette.h"

#define PLACE "/cds-services/salvor-"
#define LIFE ((long)1 << 40)
#define ANSWER_MAX ((size_t)1 << 20)

/* The key of RFC 7515 appendix A.3. */
static const char signing_key[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
	"\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\",\"kid\":\"k\"}";

static struct sv_arena config;
static struct core_rulebook book;
static struct map_engine engine;
static struct ad_cds_conf conf;
static struct ad_cds_setup *setup;
static struct ad_cds *cds;
static struct ad_jwk_set *signer;
static struct ad_http server = { .o = { .plain = true,
	.max_body = (size_t)1 << 20 } };
static struct ad_http_loop loop;
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static int listener;
static char folder[1024];

/* What the one connection brought. */
static struct {
	int fd;
	struct event *event;
	bool ended;
	char *text;
	size_t n;
} answer;

static void
serve(void *ctx, struct ad_http_call *call)
{
	struct ad_cds_use use = { setup, NULL, NULL };
	int refused = ad_http_refused(call);

	(void)ctx;
	if (refused == 0 && ad_cds_is_path(ad_http_path(call)))
		ad_cds_handle(cds, &use, call);
	else
		ad_http_answer(call, &(struct ad_http_answer){ .status =
		    refused != 0 ? refused : 404 });
}

static void
clean(void)
{
	static const char *const names[] = { "store", "store-wal",
		"store-shm", "store.lock" };
	char path[1100];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
	(void)remove(folder);
}

static void
listen_here(void)
{
	const char *temporary = getenv("TMPDIR");
	char keys[1100], store[1100];
	struct ad_store *S, *reader;
	struct ad_cds_origin o = { &conf, &engine, SV_LIT("fuzz") };
	struct sv_err err;
	FILE *f;

	(void)snprintf(folder, sizeof(folder), "%s/salvor-fuzz-XXXXXX",
	    temporary != NULL ? temporary : "/tmp");
	fuzz_must(mkdtemp(folder) != NULL);
	(void)snprintf(keys, sizeof(keys), "%s/keys", folder);
	(void)snprintf(store, sizeof(store), "%s/store", folder);
	fuzz_must((f = fopen(keys, "w")) != NULL
	    && fputs(signing_key, f) >= 0 && fclose(f) == 0);
	conf.client[0].jwks = conf.client[1].jwks = keys;
	S = ad_store_open(store, AD_STORE_SERVICE, &err);
	reader = ad_store_open(store, AD_STORE_READ, &err);
	fuzz_must(S != NULL && reader != NULL);
	setup = ad_cds_setup_new(&o, &err);
	cds = ad_cds_start(S, reader, &err);
	fuzz_must(setup != NULL && cds != NULL);
	/* An abstract address: nothing of it stays behind. */
	(void)snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "%s",
	    strrchr(folder, '/') + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fuzz_must(listener >= 0 && bind(listener, (struct sockaddr *)&at,
	    sizeof(at)) == 0 && listen(listener, 8) == 0);
	fuzz_must(evhttp_accept_socket(loop.http, listener) == 0);
	fuzz_must(remove(keys) == 0 && atexit(clean) == 0);
}

static void
on_wake(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx;
	ad_http_send_answered(&loop);
}

/* As ad_http_start, but on this thread. */
static void
prepare_loop(void)
{
	fuzz_must(evthread_use_pthreads() == 0);
	server.handler = serve;
	loop.H = &server;
	loop.thread = pthread_self();
	(void)pthread_mutex_init(&loop.lock, NULL);
	loop.base = event_base_new();
	loop.http = evhttp_new(loop.base);
	loop.wake = event_new(loop.base, -1, EV_PERSIST, on_wake, NULL);
	fuzz_must(loop.http != NULL && loop.wake != NULL);
	evhttp_set_max_headers_size(loop.http, AD_HTTP_MAX_HEADERS);
	evhttp_set_max_body_size(loop.http, 2 << 20);
	evhttp_set_allowed_methods(loop.http, EVHTTP_REQ_GET | EVHTTP_REQ_POST
	    | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_HEAD
	    | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_default_content_type(loop.http, NULL);
	evhttp_set_gencb(loop.http, ad_http_dispatch, &loop);
}

/* One client of today, one as the older and stranger ones. */
static void
prepare(void)
{
	struct sv_err err;

	if (cds != NULL)
		return;
	config = test_arena(FUZZ_ARENA);
	book = test_rulebook(&config);
	engine = test_engine(&config, &book);
	conf = (struct ad_cds_conf){ .on = true, .max_cards = 3,
		.fetch_ms = 20, .suppress_days = 30, .max_body_kib = 512,
		.base = { { SV_LIT("https://salvor.example") }, 1 },
		.origins = { { SV_LIT("https://ehr.example") }, 1 },
		.page = true, .app = SV_LIT("https://app.example/launch"),
		.n_clients = 2 };
	conf.client[0] = (struct ad_cds_client){ .name = "ehr",
		.source = "ehr", .issuer = SV_LIT("https://ehr.example"),
		.algorithms = AD_JWA_SMART | AD_JWA_ES256, .max_life_s = LIFE,
		.replay_log = true, .services = 7, .remember = true,
		.servers = { { SV_LIT("http://127.0.0.1:9/fhir") }, 1 },
		.plain = true };
	conf.client[1] = (struct ad_cds_client){ .name = "old",
		.source = "old", .issuer = SV_LIT("https://old.example"),
		.algorithms = AD_JWA_ES256, .max_life_s = LIFE,
		.services = 1, .wrapped = true, .subject = SV_LIT("s"),
		.tenants = { { SV_LIT("t") }, 1 }, .profile = {
		.any_only = true, .single_action = true,
		.plain_topic = true, .markdown_extension = true } };
	fuzz_must((signer = ad_jwk_signer_read(sv_str_of(signing_key), &err))
	    != NULL);
	fuzz_must((answer.text = malloc(ANSWER_MAX)) != NULL);
	prepare_loop();
	listen_here();
}

/* header.claims.signature */
static struct sv_str
sign(struct sv_arena *A, struct sv_str header, struct sv_str claims)
{
	struct sv_str signature;
	struct sv_buf b;

	sv_buf_init(&b, A, (size_t)1 << 20);
	ad_base64_write(&b, header);
	sv_buf_addc(&b, '.');
	ad_base64_write(&b, claims);
	fuzz_must(sv_buf_ok(&b));
	fuzz_must(sv_is_ok(ad_jwk_sign(A, &signer->key[0], AD_JWA_ES256,
	    sv_buf_str(&b), &signature)));
	sv_buf_addc(&b, '.');
	ad_base64_write(&b, signature);
	return sv_buf_str(&b);
}

static size_t
find(struct sv_str text, const char *what)
{
	return sv_str_find(text, sv_str_of(what));
}

/* The line at the front of ${text}, which is taken off. */
static struct sv_str
line(struct sv_str *text)
{
	struct sv_str l = { text->p, sv_str_chr(*text, '\n') };

	*text = sv_str_from(*text, l.n + 1);
	return l;
}

/* ${rest} is the request behind the lines of its token. */
static void
put_request(struct sv_arena *A, struct sv_str rest, struct sv_str token,
    struct sv_buf *out)
{
	size_t head = find(rest, "\r\n\r\n");
	struct sv_str fields = { rest.p, head };

	sv_buf_add(out, line(&rest));
	sv_buf_add(out, SV_LIT("\n"));
	if (find(fields, "Authorization") == head)
		sv_buf_add(out, sv_arena_printf(A, "Authorization: Bearer "
		    "%.*s\r\n", SV_FMT(token)));
	if (find(fields, "Content-Length") == head
	    && find(fields, "Transfer-Encoding") == head
	    && find(rest, "\r\n\r\n") + 4 <= rest.n)
		sv_buf_printf(out, "Content-Length: %zu\r\n",
		    rest.n - find(rest, "\r\n\r\n") - 4);
	sv_buf_add(out, rest);
}

static void
put_body(struct sv_arena *A, struct sv_str body, struct sv_buf *out)
{
	const char *place = find(body, "\"feedback\"") < body.n
	    ? "patient-view/feedback" : find(body, "order-sign") < body.n
	    ? "order-sign" : find(body, "order-select") < body.n
	    ? "order-select" : "patient-view";
	struct sv_str claims = sv_arena_printf(A, "{\"iss\":"
	    "\"https://ehr.example\",\"aud\":\"https://salvor.example" PLACE
	    "%s\",\"exp\":4102444800,\"iat\":1700000000,\"jti\":\"1\"}", place);
	struct sv_str token = sign(A, SV_LIT("{\"alg\":\"ES256\",\"kid\":"
	    "\"k\",\"typ\":\"JWT\"}"), claims);

	sv_buf_add(out, sv_arena_printf(A, "POST " PLACE "%s HTTP/1.1\r\n"
	    "Host: salvor.example\r\nContent-Type: application/json\r\n"
	    "Origin: https://ehr.example\r\nAuthorization: Bearer %.*s\r\n"
	    "Content-Length: %zu\r\n\r\n", place, SV_FMT(token), body.n));
	sv_buf_add(out, body);
}

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
	ssize_t n = read(fd, answer.text + answer.n, ANSWER_MAX - answer.n);

	(void)what, (void)ctx;
	if (n > 0) {
		answer.n += (size_t)n;
		return;
	}
	answer.ended = true;
	(void)event_base_loopbreak(loop.base);
}

/* Send ${text} on a connection of its own, and serve until it is closed. */
static void
call(struct sv_str text)
{
	answer.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	fuzz_must(answer.fd >= 0 && connect(answer.fd, (struct sockaddr *)&at,
	    sizeof(at)) == 0);
	fuzz_must(write(answer.fd, text.p, text.n) == (ssize_t)text.n);
	(void)shutdown(answer.fd, SHUT_WR);
	answer.n = 0;
	answer.ended = false;
	answer.event = event_new(loop.base, answer.fd, EV_READ | EV_PERSIST,
	    on_answer, NULL);
	fuzz_must(answer.event != NULL && event_add(answer.event, NULL) == 0);
	while (!answer.ended)
		(void)event_base_loop(loop.base, EVLOOP_ONCE);
	event_free(answer.event);
	(void)close(answer.fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct sv_str in = { (const char *)data, n }, header, claims;
	struct sv_buf text;

	prepare();
	sv_buf_init(&text, &A, (size_t)4 << 20);
	if (find(in, " HTTP/1.") < n) {
		header = line(&in);
		claims = line(&in);
		put_request(&A, in, sign(&A, header, claims), &text);
	} else {
		put_body(&A, in, &text);
	}
	fuzz_must(sv_buf_ok(&text));
	call(sv_buf_str(&text));
	/* Whatever comes in: no card that breaks the specification. */
	fuzz_must(cds->failed_checks == 0 && server.running == 0);
	sv_arena_free(&A);
	return 0;
}
