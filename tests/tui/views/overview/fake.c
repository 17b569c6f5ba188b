/* fake.c - the canned Overview. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_news news[] = {{NOW - 2 * MIN, "ada       monitor.report  monitor/power"},
		{NOW - 20 * MIN, "grace     model.requested  model/power"},
		{NOW - 26 * HOUR, "ada       model.approved  model/power"}};
	static const bn_overview full = {
		.stations = {{BN_STATE_OK, 3, "3 datasets, 5 versions, 1 204 117 rows"},
			{BN_STATE_OK, 5, "5 versions profiled"}, {BN_STATE_NONE, 0, ""},
			{BN_STATE_FAIL, 2, "jobs@v2: 1 of 6 expectations failed"},
			{BN_STATE_OK, 2, "train and test parts of jobs@v3"},
			{BN_STATE_RUN, 6, "1 running, 4 finished, 1 failed"},
			{BN_STATE_OK, 4, "4 runs have test metrics"}, {BN_STATE_NONE, 0, ""},
			{BN_STATE_WAIT, 1, "1 request waits; 2 versions approved"},
			{BN_STATE_OK, 1, "power@champion is version 2"},
			{BN_STATE_RUN, 1, "1 server, 4 093 predictions"},
			{BN_STATE_FAIL, 1, "drift in 2 of 6 features of power/2"},
			{BN_STATE_OK, 41, "41 records, 1 refused"}},
		.news = news,
		.news_count = 3,
	};
	static const bn_overview empty = {
		.stations = {[BN_STATION_LOG] = {BN_STATE_OK, 1, "1 record"}}};
	bn_overview *o = bn_fake_take(page, fake->is_empty ? &empty : &full, sizeof full);
	if (fake->has_chain && !fake->is_nobody) {
		o->who = "you are ada: admin, reviewer";
		o->requests = 2;
		o->to_sign = o->late = 1;
	} else if (fake->has_chain) {
		o->who = "your key is not admitted: :request asks";
		o->is_nobody = true;
	}
	return 0;
}
