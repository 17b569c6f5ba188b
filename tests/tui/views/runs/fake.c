/* fake.c - the canned list of runs, and the queue. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

static const char *const run_fields[] = {
	"metrics.val_rmse", "metrics.val_mae", "params.learning_rate", "params.hidden"};

enum { CELLS = 4 + BN_RUN_EXTRA };

static bn_cell number(double v)
{
	return (bn_cell){.kind = BN_CELL_NUMBER, .number = v};
}

static void run_fill(bn_run_row *r, bn_arena *arena, int64_t i, bn_cell *cells, bool is_reported)
{
	static const char *const titles[] = {"ridge", "mlp", "logistic"};
	static const bn_run_status states[] = {BN_RUN_RUNNING, BN_RUN_FINISHED, BN_RUN_FINISHED,
		BN_RUN_FAILED, BN_RUN_FINISHED, BN_RUN_LOST};
	snprintf(r->id, sizeof r->id, "%08x%016llx%08x", 0x7f3a0000u + (unsigned)i * 77u,
		(unsigned long long)i, 0u);
	r->name = bn_arena_strf(arena, "%s-%lld", titles[i % 3], (long long)i);
	r->experiment = "power-forecast";
	r->user = i % 2 ? "grace" : "ada";
	r->title = titles[i % 3];
	r->host = "node017";
	r->status = states[i % 6];
	r->created_ms = NOW - (i + 1) * 11 * MIN;
	r->started_ms = r->created_ms + 2 * S;
	r->finished_ms =
		bn_run_status_is_live(r->status) ? -1 : r->started_ms + (i * 37 % 500 + 3) * S;
	r->heartbeat_ms = NOW - 2 * S;
	r->cells = cells;
	cells[0] =
		i % 6 == 3 ? (bn_cell){.kind = BN_CELL_ABSENT} : number(11.92 + (double)i * 0.37);
	cells[1] = number(8.1 + (double)(i * 13 % 7));
	cells[2] = (bn_cell){.kind = BN_CELL_TEXT, .text = i % 2 ? "0.001" : "0.01"};
	cells[4 + BN_RUN_STAR] =
		i == 2 ? (bn_cell){.kind = BN_CELL_TEXT, .text = "yes"} : (bn_cell){.kind = BN_CELL_ABSENT};
	cells[4 + BN_RUN_KIND] = (bn_cell){.kind = BN_CELL_TEXT, .text = is_reported ? "api" : "command"};
	cells[4 + BN_RUN_NOTE] = (bn_cell){.kind = BN_CELL_ABSENT};
	cells[3] = i % 3 == 1 ? (bn_cell){.kind = BN_CELL_TEXT, .text = "64,64"}
			      : (bn_cell){.kind = BN_CELL_ABSENT};
}

/* The newest run waits for an older one, and another one is running. */
static bn_queue *fake_queue(const bn_fake *fake, bn_page *page, bn_run_page *p)
{
	bn_queue *q = bn_arena_alloc(&page->arena, sizeof *q);
	*q = (bn_queue){.own = true, .runner = true};
	q->items = bn_arena_alloc(&page->arena, 3 * sizeof *q->items);
	memset(q->items, 0, 3 * sizeof *q->items);
	q->count = 3;
	q->waiting = 2;
	q->used.at_once = 1;
	q->paused_ms = fake->is_paused ? NOW : -1;
	for (int i = 0; i < 2; i++) {
		bn_queue_item *item = &q->items[i + 1];
		bn_run_row *r = &p->rows[1 - i];
		r->status = BN_RUN_QUEUED;
		r->started_ms = r->finished_ms = -1;
		item->position = i + 1;
		memcpy(item->run, r->id, sizeof item->run);
		snprintf(item->name, sizeof item->name, "%.40s", r->name);
		if (i)
			snprintf(item->reason, sizeof item->reason, "behind %.40s", item[-1].name);
		else
			snprintf(item->reason, sizeof item->reason,
				"needs 4 cores, 6 of 8 are taken");
	}
	return q;
}

/* Every other run has a curve, which falls. */
int bn_fake_curves(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	bn_curves *c = bn_fake_take(page, &(bn_curves){.runs = {.count = 0}}, sizeof *c);
	c->runs = *(const bn_curves_arg *)arg;
	for (size_t i = 0; i < c->runs.count; i++) {
		bn_spark *s = &c->sparks[i];
		bool has = c->runs.ids[i][7] % 2 == 0;
		*s = (bn_spark){.key = has ? "val_loss" : NULL, .last = 0.2, .last_step = 40};
		for (; has && s->count < BN_SPARK; s->count++)
			s->y[s->count] = 1.0 / (1 + s->count);
	}
	return 0;
}

static bool is_open(const bn_runs_arg *a, const char *value)
{
	for (size_t i = 0; i < a->open_count; i++)
		if (a->open[i] == bn_run_group_key(value))
			return true;
	return false;
}

/* Many runs: half of them have each learning rate. Returns the number of listed rows. */
static int64_t groups_fill(bn_run_page *p, bn_arena *arena, const bn_runs_arg *a, int64_t runs)
{
	static const char *const rates[] = {"0.01", "0.001"};
	int64_t rows = 0;
	p->groups = bn_arena_alloc(arena, 2 * sizeof *p->groups);
	p->group_count = 2;
	p->matched = runs;
	for (int i = 0; i < 2; i++) {
		bn_run_group *g = &p->groups[i];
		bool open = is_open(a, rates[i]);
		*g = (bn_run_group){.key = bn_run_group_key(rates[i]),
			.value = rates[i],
			.first = open ? rows : -1,
			.count = runs / 2,
			.bad = i};
		g->sums = bn_arena_alloc(arena, CELLS * sizeof *g->sums);
		g->sums[0] = (bn_run_sum){.count = runs / 2, .mean = 12.5 + i, .deviation = 0.25};
		rows += open ? runs / 2 : 0;
	}
	return rows;
}

/* The run in the row at a position. */
static int64_t run_at(const bn_run_page *p, int64_t place)
{
	if (!p->group_count)
		return place;
	bool second = p->groups[0].first < 0 || place >= p->groups[0].count;
	return second && p->groups[0].first == 0 ? 2 * (place - p->groups[0].count) + 1
						 : 2 * place + second;
}

/* The first run has the others below it. */
static void tree_make(bn_runs *runs, bn_arena *arena, const bn_runs_arg *a)
{
	bn_run_page *all = runs->page, *p = bn_arena_alloc(arena, sizeof *p);
	double *best = bn_arena_alloc(arena, CELLS * sizeof *best);
	*p = *all;
	for (int i = 0; i < CELLS; i++)
		best[i] = i == 0 ? all->rows[1].cells[0].number : (double)NAN;
	bn_run_row *top = &p->rows[0];
	p->is_tree = true;
	p->matched = all->total;
	top->children = top->below = all->total - 1;
	top->is_open = a->unfolded != (a->open_count > 0);
	top->is_context = a->filter[0];
	for (size_t i = 1; i < p->count; i++)
		p->rows[i].depth = 1;
	((bn_cell *)(uintptr_t)top->cells)[0] = (bn_cell){.kind = BN_CELL_ABSENT, .number = NAN};
	if (!top->is_open) {
		top->best = best;
		p->count = 1;
		p->total = 1;
	}
	runs->all = all;
	runs->page = p;
}

int bn_fake_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	int64_t total = fake->is_empty ? 0 : fake->many_runs ? fake->many_runs : 6, place = 0;
	const bn_runs_arg *a = arg;
	if (strcmp(a->filter, "bad") == 0)
		return bn_err_set(err, BN_EINVAL, "filter:1:1: no field 'bad'");
	total = a->filter[0] && !fake->is_nested ? 1 : total;
	bn_run_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int64_t most = total > BN_RUNS_WINDOW ? BN_RUNS_PART : BN_RUNS_WINDOW;
	if (a->is_window && a->group[0])
		total = groups_fill(p, &page->arena, a, total);
	int64_t left = total > most ? total - most : 0;
	/* the mark is the row number */
	place = a->at == BN_RUNS_LAST     ? left
		: a->at == BN_RUNS_FROM   ? strtoll(a->mark, NULL, 10)
		: a->at == BN_RUNS_BEFORE ? strtoll(a->mark, NULL, 10) - most
		: a->at == BN_RUNS_PLACE  ? a->place
					  : 0;
	place = place < left ? place : left;
	size_t n = (size_t)(total - place < most ? total - place : most);
	p->rows = bn_arena_alloc(&page->arena, (n + 1) * sizeof *p->rows);
	bn_cell *cells = bn_arena_alloc(&page->arena, (CELLS * n + 1) * sizeof *cells);
	p->count = n;
	p->total = total;
	p->place = place;
	for (size_t i = 0; i < n; i++) {
		run_fill(&p->rows[i], &page->arena, run_at(p, place + (int64_t)i) + fake->is_gone,
			cells + CELLS * i, fake->is_reported);
		p->rows[i].mark =
			bn_arena_strf(&page->arena, "%lld", (long long)place + (long long)i);
	}
	static const bool folded[4] = {false};
	static const int ranks[4] = {0, 0, 0, 1};
	bool told = n > 1 && !fake->many_runs;
	bn_runs runs = {.page = p,
		.generation = 1,
		.columns = 4,
		.fields = run_fields,
		.told = ranks,
		.folded = folded,
		.same = told ? "batch_size 256, epochs 40" : "",
		.sparse = told ? "accuracy 1/6" : ""};
	if (fake->is_nested && a->tree)
		tree_make(&runs, &page->arena, a);
	if (fake->has_queue && n > 1)
		runs.queue = fake_queue(fake, page, p);
	bn_fake_take(page, &runs, sizeof runs);
	return 0;
}
