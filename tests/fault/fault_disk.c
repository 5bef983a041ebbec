#include "fault_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define MAX_NODES 8

static struct node nodes[MAX_NODES];
static struct fault_plan plan;
static long counted[FAULT_OP_MAX];
static bool dead;
static unsigned dice;

static unsigned
roll(void)
{
	dice = dice * 1664525u + 1013904223u;
	return dice >> 16;
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

int
fault_node_fails(enum fault_op op, int code_when_dead)
{
	long n = ++counted[op];

	if (dead)
		return code_when_dead;
	if (plan.at == 0 || op != plan.op || n < plan.at
	    || (n > plan.at && !plan.persistent))
		return SQLITE_OK;
	dead = plan.power;
	return plan.code;
}

static void
image_write(struct image *m, size_t at, const void *p, size_t n)
{
	if (at + n > m->cap) {
		m->cap = (at + n) * 2;
		m->p = must(realloc(m->p, m->cap));
	}
	if (at > m->n)
		memset(m->p + m->n, 0, at - m->n);
	memcpy(m->p + at, p, n);
	if (at + n > m->n)
		m->n = at + n;
}

static void
image_apply(struct image *m, const struct pending *w)
{
	if (w->n > 0)
		image_write(m, w->at, w->bytes, w->n);
	else if (w->at < m->n)
		m->n = w->at;
}

void
fault_node_remember(struct node *d, size_t at, const void *p, size_t n)
{
	struct pending *w = must(malloc(sizeof(*w) + n));

	*w = (struct pending){ .at = at, .n = n };
	if (n > 0)
		memcpy(w->bytes, p, n);
	*d->last = w;
	d->last = &w->next;
	image_apply(&d->seen, w);
}

static void
forget_pending(struct node *d)
{
	for (struct pending *w = d->first, *next; w != NULL; w = next) {
		next = w->next;
		free(w);
	}
	d->first = NULL;
	d->last = &d->first;
}

void
fault_node_forget_regions(struct node *d)
{
	for (int i = 0; i < REGIONS; i++) {
		free(d->region[i]);
		d->region[i] = NULL;
	}
}

void
fault_node_remove(struct node *d)
{
	forget_pending(d);
	fault_node_forget_regions(d);
	free(d->seen.p);
	free(d->disk.p);
	*d = (struct node){ .last = &d->first };
}

struct node *
fault_node_find(const char *name, bool make)
{
	struct node *unused = NULL;

	for (int i = 0; i < MAX_NODES; i++) {
		if (nodes[i].name[0] != '\0' && strcmp(nodes[i].name, name) == 0)
			return &nodes[i];
		if (nodes[i].name[0] == '\0')
			unused = &nodes[i];
	}
	if (make && must(unused) != NULL) {
		fault_node_remove(unused);
		(void)snprintf(unused->name, sizeof(unused->name), "%s", name);
		return unused;
	}
	return NULL;
}

int
fault_node_sync(struct node *d)
{
	int code = fault_node_fails(FAULT_SYNC, SQLITE_IOERR_FSYNC);

	if (dead)
		return code;
	for (struct pending *w = d->first; w != NULL; w = w->next) {
		if (code != SQLITE_OK)
			w->doomed = w->doomed || roll() % 2 == 0;
		else if (!w->doomed)
			image_apply(&d->disk, w);
	}
	if (code != SQLITE_OK)
		return code;
	d->on_disk = true;
	forget_pending(d);
	return SQLITE_OK;
}

/* A write that fails has written half, as one to a full disk may. */
int
fault_node_write(struct node *d, size_t at, const void *p, size_t n)
{
	int code = fault_node_fails(FAULT_WRITE, SQLITE_IOERR_WRITE);

	if (code == SQLITE_OK)
		fault_node_remember(d, at, p, n);
	else if (!dead && n >= 2)
		fault_node_remember(d, at, p, n / 2);
	return code;
}

void
fault_disk_wipe(void)
{
	for (int i = 0; i < MAX_NODES; i++)
		fault_node_remove(&nodes[i]);
	fault_disk_plan(&(struct fault_plan){ .at = 0 });
	dice = 1;
}

void
fault_disk_plan(const struct fault_plan *p)
{
	plan = *p;
	memset(counted, 0, sizeof(counted));
}

long
fault_disk_count(enum fault_op op)
{
	return counted[op];
}

/* One sector's worth of ${w}: kept, dropped, or garbage. */
static void
settle_sector(struct image *m, struct pending *w, size_t from, size_t n)
{
	unsigned what = roll() % 4;

	if (what == 0)
		return;
	for (size_t i = 0; what == 1 && i < n; i++)
		w->bytes[from + i] = (unsigned char)roll();
	image_write(m, w->at + from, w->bytes + from, n);
}

static void
settle(struct node *d)
{
	for (struct pending *w = d->first; w != NULL; w = w->next) {
		if (w->doomed)
			continue;
		if (w->n == 0 && roll() % 2 == 0)
			image_apply(&d->disk, w);
		for (size_t at = 0, n; at < w->n; at += n) {
			n = SECTOR - (w->at + at) % SECTOR;
			n = n < w->n - at ? n : w->n - at;
			settle_sector(&d->disk, w, at, n);
		}
	}
}

void
fault_disk_power_back(unsigned seed)
{
	dice = seed * 2654435761u + 1;
	for (int i = 0; i < MAX_NODES; i++) {
		struct node *d = &nodes[i];

		if (d->name[0] == '\0')
			continue;
		if (!d->on_disk && roll() % 2 == 0) {
			fault_node_remove(d);
			continue;
		}
		settle(d);
		forget_pending(d);
		fault_node_forget_regions(d);
		d->seen.n = 0;
		if (d->disk.n > 0)
			image_write(&d->seen, 0, d->disk.p, d->disk.n);
		d->on_disk = true;
	}
	dead = false;
	fault_disk_plan(&(struct fault_plan){ .at = 0 });
}
