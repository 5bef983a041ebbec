#include "ad_sync_order.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "fhir_doc.h"

/* The files of one type. */
struct ad_sync_lane {
	struct sv_str type;
	size_t file;			/* that is read; the stage's end: none */
	int64_t before, all;		/* bytes of those before it; of all */
	int64_t at;			/* in it */
	struct ad_sync_blocks blocks;
};

/* The next word of letters in ${text}, taken off it; "" at its end. */
static struct sv_str
next_word(struct sv_str *text)
{
	struct sv_str word;
	size_t from = 0, to;

	while (from < text->n && !isalpha((unsigned char)text->p[from]))
		from++;
	to = from;
	while (to < text->n && isalpha((unsigned char)text->p[to]))
		to++;
	word = (struct sv_str){ text->p + from, to - from };
	*text = sv_str_from(*text, to);
	return word;
}

static struct sv_str
folder_of(struct sv_str name)
{
	size_t n = sv_str_rchr(name, '/');

	return (struct sv_str){ name.p, n < name.n ? n : 0 };
}

struct sv_str
ad_sync_type_in_name(struct sv_str name)
{
	size_t folder = folder_of(name).n;
	struct sv_str rest = sv_str_from(name, folder), word;
	struct sv_str type = { "", 0 };

	while ((word = next_word(&rest)).n > 0) {
		if (!fhir_is_resource_type(word) || sv_str_eq(word, type))
			continue;
		if (type.n > 0 || sv_str_is(word, "Bundle"))
			return (struct sv_str){ "", 0 };
		type = word;
	}
	return type;
}

struct sv_status
ad_sync_order_make(struct ad_sync_order *O, struct ad_sync_file *file,
    size_t n)
{
	*O = (struct ad_sync_order){ .file = file, .n_files = n,
		.type = calloc(n + 1, sizeof(*O->type)) };
	SV_ENSURE(O->type != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++)
		O->type[i] = ad_sync_type_in_name(sv_str_of(file[i].name));
	return SV_OK;
}

/* Its blocks need no memory any more. */
static void
end_lanes(struct ad_sync_order *O)
{
	for (size_t i = 0; i < O->n_lanes; i++)
		ad_sync_blocks_free(&O->lane[i].blocks);
	O->n_lanes = 0;
}

void
ad_sync_order_free(struct ad_sync_order *O)
{
	end_lanes(O);
	free(O->lane);
	free(O->type);
}

/* Behind the files that are read side by side with number ${i}. */
static size_t
end_of_stage(const struct ad_sync_order *O, size_t i)
{
	struct sv_str folder = folder_of(sv_str_of(O->file[i].name));

	if (O->type[i++].n == 0)
		return i;
	while (i < O->n_files && O->type[i].n > 0 && sv_str_eq(folder,
	    folder_of(sv_str_of(O->file[i].name))))
		i++;
	return i;
}

static struct ad_sync_lane *
find_lane(struct ad_sync_order *O, struct sv_str type)
{
	for (size_t i = 0; i < O->n_lanes; i++) {
		if (sv_str_eq(O->lane[i].type, type))
			return &O->lane[i];
	}
	return NULL;
}

/* NULL without memory. */
static struct ad_sync_lane *
add_lane(struct ad_sync_order *O, struct sv_str type, size_t file)
{
	size_t cap = O->cap == 0 ? 16 : O->cap * 2;
	struct ad_sync_lane *t = O->lane;

	if (O->n_lanes == O->cap) {
		t = realloc(t, cap * sizeof(*t));
		if (t == NULL)
			return NULL;
		O->lane = t;
		O->cap = cap;
	}
	t = &O->lane[O->n_lanes];
	*t = (struct ad_sync_lane){ .type = type, .file = file };
	if (!sv_is_ok(ad_sync_blocks_make(&t->blocks)))
		return NULL;
	O->n_lanes++;
	return t;
}

/* To the first file of its type, from the one where it is, that is to be
 * read. */
static void
find_file(struct ad_sync_order *O, struct ad_sync_lane *t)
{
	while (t->file < O->end && (O->file[t->file].skip
	    || !sv_str_eq(O->type[t->file], t->type))) {
		if (sv_str_eq(O->type[t->file], t->type))
			t->before += O->file[t->file].size;
		t->file++;
	}
	t->at = t->file < O->end ? O->file[t->file].offset : 0;
}

static struct sv_status
begin_stage(struct ad_sync_order *O)
{
	size_t begin = O->end;
	struct ad_sync_lane *t;

	end_lanes(O);
	O->end = end_of_stage(O, begin);
	for (size_t i = begin; i < O->end; i++) {
		t = find_lane(O, O->type[i]);
		if (t == NULL)
			t = add_lane(O, O->type[i], i);
		SV_ENSURE(t != NULL, SV_NOMEM);
		t->all += O->file[i].size;
	}
	for (size_t i = 0; i < O->n_lanes; i++)
		find_file(O, &O->lane[i]);
	return SV_OK;
}

static double
part_done(const struct ad_sync_lane *t)
{
	return (double)(t->before + t->at) / (double)(t->all > 0 ? t->all : 1);
}

/* The lane that is behind the others; NULL: all are at their ends. */
static struct ad_sync_lane *
last_lane(struct ad_sync_order *O)
{
	struct ad_sync_lane *last = NULL;

	for (size_t i = 0; i < O->n_lanes; i++) {
		struct ad_sync_lane *t = &O->lane[i];

		if (t->file < O->end && (last == NULL
		    || part_done(t) < part_done(last)))
			last = t;
	}
	return last;
}

static struct sv_status
read_block(struct ad_sync_order *O, struct ad_sync_lane *t,
    struct ad_sync_block *k, char digest[33])
{
	const struct ad_sync_file *f = &O->file[t->file];

	SV_ENSURE(t->blocks.fd >= 0 || ad_sync_blocks_open(&t->blocks,
	    f->path, f->offset), SV_BAD);
	SV_TRY(ad_sync_blocks_next(&t->blocks, k));
	t->at = k->offset;
	if (!k->end)
		return SV_OK;
	ad_sync_blocks_digest(&t->blocks, digest);
	ad_sync_blocks_close(&t->blocks);
	t->before += f->size;
	t->file++;
	find_file(O, t);
	return SV_OK;
}

struct sv_status
ad_sync_order_next(struct ad_sync_order *O, struct ad_sync_block *k,
    size_t *ret_file, char digest[33])
{
	struct ad_sync_lane *t;

	while ((t = last_lane(O)) == NULL) {
		SV_ENSURE(O->end < O->n_files, SV_SKIP);
		SV_TRY(begin_stage(O));
	}
	*ret_file = t->file;
	return read_block(O, t, k, digest);
}
