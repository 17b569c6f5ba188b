/* train_data.c - see train_data.h. Plain arithmetic in a fixed order: Python gets the same bits. */
#include "tests/support/train_data.h"

#include <math.h>

static const char *const colours[] = {"red", "blue", "green"};
static const char *const binary[] = {"no", "yes"};
static const char *const three[] = {"a", "b", "c"};

double train_data_uniform(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*state >> 11) * 0x1p-53;
}

static double noise(uint64_t *s)
{
	double a = train_data_uniform(s), b = train_data_uniform(s);
	return a + b - 1.0;
}

static void make_row(train_data *d, size_t r, uint64_t *s)
{
	double x0 = train_data_uniform(s) * 10.0 - 5.0;
	double x1 = train_data_uniform(s) * 1000.0 - 500.0;
	double x2 = train_data_uniform(s) * 10.0 + 1000.0;
	double x3 = train_data_uniform(s) * 4.0;
	int32_t colour = (int32_t)(train_data_uniform(s) * 3.0);
	int32_t flag = train_data_uniform(s) < 0.3;
	bool hole = train_data_uniform(s) < 0.1;
	double y = 3.0 * x0 - 0.02 * x1 + 0.5 * (x2 - 1005.0) + 2.0 * x3 - 4.0;
	y = y + (colour == 2 ? 4.0 : 0.0) + (flag ? 1.5 : 0.0) + 3.0 * noise(s);
	double b = y + 20.0 * noise(s), t = x0 + 4.0 * noise(s);
	d->x[0][r] = x0;
	d->x[1][r] = x1;
	d->x[2][r] = x2;
	d->x[3][r] = hole ? NAN : x3;
	d->colour[r] = colour;
	d->flag[r] = flag;
	d->y_number[r] = y;
	d->y_binary[r] = b > 0.0;
	d->y_three[r] = t < -1.5 ? 0 : t < 1.5 ? 1 : 2;
}

static bn_column category(const int32_t *codes, const bn_dict *dict, size_t rows)
{
	return (bn_column){
		.type = BN_TYPE_CATEGORY, .rows = rows, .codes = codes, .dict = dict};
}

static named_columns view(train_data *d, int part, size_t begin, size_t end)
{
	static const char *const names[] = {"x0", "x1", "x2", "x3", "colour", "flag", "y_number",
		"y_binary", "y_three"};
	static named_dict dicts[3];
	bn_column *c = d->columns[part];
	size_t rows = end - begin;
	for (size_t i = 0; i < 4; i++)
		c[i] = (bn_column){
			.type = BN_TYPE_FLOAT64, .rows = rows, .f64 = d->x[i] + begin};
	for (size_t r = 0; r < rows; r++)
		d->flags[part][r >> 3] = (uint8_t)(d->flags[part][r >> 3] |
						   (unsigned)d->flag[begin + r] << (r & 7));
	c[4] = category(d->colour + begin, named_dict_of(&dicts[0], colours, 3), rows);
	c[5] = (bn_column){.type = BN_TYPE_BOOL, .rows = rows, .bits = d->flags[part]};
	c[6] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = rows, .f64 = d->y_number + begin};
	c[7] = category(d->y_binary + begin, named_dict_of(&dicts[1], binary, 2), rows);
	c[8] = category(d->y_three + begin, named_dict_of(&dicts[2], three, 3), rows);
	return (named_columns){
		names, {.rows = rows, .column_count = TRAIN_DATA_COLUMNS, .columns = c}};
}

train_data *train_data_get(void)
{
	static train_data data;
	static bool made;
	if (!made) {
		uint64_t state = 1;
		for (size_t r = 0; r < TRAIN_DATA_ROWS; r++)
			make_row(&data, r, &state);
		data.train = view(&data, 0, 0, TRAIN_DATA_TRAIN);
		data.test = view(&data, 1, TRAIN_DATA_TRAIN, TRAIN_DATA_ROWS);
		made = true;
	}
	return &data;
}
