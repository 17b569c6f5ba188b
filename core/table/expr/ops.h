/*
 * ops.h - one table of operators and functions of the expression language.
 *
 *	X(ID, name, arguments, result, bounds, SQL)
 *
 * name as written; several rows of one name have different types: the first that fits is used (exactly, else
 *            with an int read as a real number, a bool as an int, a date as a time)
 * arguments one letter each: b bool, i int, r real, s text, t time, d duration, D date. "V" after them: more
 *            arguments of the last type, folded from the left
 * bounds how min and max propagate (prune.c): the name of a rule, NONE if unknown SQL its SQLite form, with
 * $1 .. $3 for the arguments; NULL: not available for runs
 *
 * Adding a function is a row here, and the loop BN_EVAL(ID) in eval_number.c, eval_text.c or eval_time.c.
 */
#ifndef BN_TABLE_EXPR_OPS_H
#define BN_TABLE_EXPR_OPS_H

#define BN_EXPR_COMPARISONS(X, ID, name, RULE) \
	X(ID##_I, name, "ii", 'b', RULE, "$1 " name " $2") \
	X(ID##_R, name, "rr", 'b', RULE, "$1 " name " $2") \
	X(ID##_IR, name, "ir", 'b', RULE, "$1 " name " $2") \
	X(ID##_RI, name, "ri", 'b', RULE, "$1 " name " $2") \
	X(ID##_S, name, "ss", 'b', RULE, "$1 " name " $2") \
	X(ID##_T, name, "tt", 'b', RULE, "$1 " name " $2") \
	X(ID##_D, name, "dd", 'b', RULE, "$1 " name " $2") \
	X(ID##_DATE, name, "DD", 'b', RULE, "$1 " name " $2")

#define BN_EXPR_ORDERED(X) \
	BN_EXPR_COMPARISONS(X, EQ, "=", EQ) \
	BN_EXPR_COMPARISONS(X, NE, "<>", NE) \
	BN_EXPR_COMPARISONS(X, LT, "<", LT) \
	BN_EXPR_COMPARISONS(X, LE, "<=", LE) \
	BN_EXPR_COMPARISONS(X, GT, ">", GT) \
	BN_EXPR_COMPARISONS(X, GE, ">=", GE)

#define BN_EXPR_LOGIC(X) \
	X(AND, "AND", "bb", 'b', AND, "$1 AND $2") \
	X(OR, "OR", "bb", 'b', OR, "$1 OR $2") \
	X(NOT, "NOT", "b", 'b', NOT, "NOT ($1)") \
	X(ISNULL, "IS NULL", "*", 'b', ISNULL, "$1 IS NULL") \
	X(ISNAN, "IS NAN", "r", 'b', ISNAN, NULL) \
	X(IN, "IN", "*", 'b', IN, NULL) \
	X(LIKE, "LIKE", "ss", 'b', LIKE, NULL) \
	X(ILIKE, "ILIKE", "ss", 'b', NONE, "$1 LIKE $2") \
	X(HAS, "~", "ss", 'b', NONE, "instr(lower($1), lower($2)) > 0")

#define BN_EXPR_NUMBERS(X) \
	X(ADD_I, "+", "ii", 'i', ADD_I, "$1 + $2") \
	X(ADD_R, "+", "rr", 'r', ADD_R, "$1 + $2") \
	X(ADD_TD, "+", "td", 't', NONE, NULL) \
	X(ADD_DD, "+", "dd", 'd', NONE, NULL) \
	X(SUB_I, "-", "ii", 'i', SUB_I, "$1 - $2") \
	X(SUB_R, "-", "rr", 'r', SUB_R, "$1 - $2") \
	X(SUB_TD, "-", "td", 't', NONE, NULL) \
	X(SUB_TT, "-", "tt", 'd', NONE, NULL) \
	X(SUB_DD, "-", "dd", 'd', NONE, NULL) \
	X(MUL_I, "*", "ii", 'i', MUL_I, "$1 * $2") \
	X(MUL_R, "*", "rr", 'r', MUL_R, "$1 * $2") \
	X(DIV_R, "/", "rr", 'r', NONE, "CAST($1 AS REAL) / $2") \
	X(DIV_DD, "/", "dd", 'r', NONE, NULL) \
	X(MOD_I, "%", "ii", 'i', NONE, "$1 % $2") \
	X(NEG_I, "-", "i", 'i', NEG_I, "-($1)") \
	X(NEG_R, "-", "r", 'r', NEG_R, "-($1)") \
	X(ABS_I, "abs", "i", 'i', ABS_I, "abs($1)") \
	X(ABS_R, "abs", "r", 'r', ABS_R, "abs($1)") \
	X(SIGN, "sign", "r", 'i', NONE, NULL) \
	X(FLOOR_I, "floor", "i", 'i', SAME, NULL) \
	X(FLOOR, "floor", "r", 'r', FLOOR, NULL) \
	X(CEIL_I, "ceil", "i", 'i', SAME, NULL) \
	X(CEIL, "ceil", "r", 'r', CEIL, NULL) \
	X(TRUNC_I, "trunc", "i", 'i', SAME, NULL) \
	X(TRUNC, "trunc", "r", 'r', NONE, NULL) \
	X(ROUND_I, "round", "i", 'i', SAME, NULL) \
	X(ROUND, "round", "r", 'r', NONE, NULL) \
	X(ROUND_IN, "round", "ii", 'i', NONE, NULL) \
	X(ROUND_N, "round", "ri", 'r', NONE, NULL) \
	X(SQRT, "sqrt", "r", 'r', SQRT, NULL) \
	X(EXP, "exp", "r", 'r', NONE, NULL) \
	X(LN, "ln", "r", 'r', NONE, NULL) \
	X(LOG2, "log2", "r", 'r', NONE, NULL) \
	X(LOG10, "log10", "r", 'r', NONE, NULL) \
	X(POW, "pow", "rr", 'r', NONE, NULL) \
	X(LEAST_I, "least", "iiV", 'i', NONE, "min($1, $2)") \
	X(LEAST_R, "least", "rrV", 'r', NONE, "min($1, $2)") \
	X(GREATEST_I, "greatest", "iiV", 'i', NONE, "max($1, $2)") \
	X(GREATEST_R, "greatest", "rrV", 'r', NONE, "max($1, $2)") \
	X(TO_REAL, "real", "i", 'r', TO_REAL, "CAST($1 AS REAL)") \
	X(REAL_R, "real", "r", 'r', NONE, NULL) \
	X(REAL_S, "real", "s", 'r', NONE, NULL) \
	X(TO_INT, "int", "b", 'i', TO_INT, "$1") \
	X(INT_I, "int", "i", 'i', NONE, NULL) \
	X(INT_R, "int", "r", 'i', NONE, NULL) \
	X(INT_S, "int", "s", 'i', NONE, NULL)

#define BN_EXPR_CHOICES(X) \
	X(IF_B, "if", "bbb", 'b', NONE, NULL) \
	X(IF_I, "if", "bii", 'i', NONE, NULL) \
	X(IF_R, "if", "brr", 'r', NONE, NULL) \
	X(IF_S, "if", "bss", 's', NONE, NULL) \
	X(IF_T, "if", "btt", 't', NONE, NULL) \
	X(IF_D, "if", "bdd", 'd', NONE, NULL) \
	X(COALESCE_B, "coalesce", "bbV", 'b', NONE, "coalesce($1, $2)") \
	X(COALESCE_I, "coalesce", "iiV", 'i', NONE, "coalesce($1, $2)") \
	X(COALESCE_R, "coalesce", "rrV", 'r', NONE, "coalesce($1, $2)") \
	X(COALESCE_S, "coalesce", "ssV", 's', NONE, "coalesce($1, $2)") \
	X(COALESCE_T, "coalesce", "ttV", 't', NONE, NULL) \
	X(NULLIF_I, "nullif", "ii", 'i', NONE, "nullif($1, $2)") \
	X(NULLIF_IR, "nullif", "ir", 'i', NONE, "nullif($1, $2)") \
	X(NULLIF_R, "nullif", "rr", 'r', NONE, "nullif($1, $2)") \
	X(NULLIF_S, "nullif", "ss", 's', NONE, "nullif($1, $2)")

#define BN_EXPR_TEXTS(X) \
	X(LENGTH, "length", "s", 'i', NONE, "length($1)") \
	X(LOWER, "lower", "s", 's', NONE, "lower($1)") \
	X(UPPER, "upper", "s", 's', NONE, "upper($1)") \
	X(TRIM, "trim", "s", 's', NONE, "trim($1)") \
	X(SUBSTR, "substr", "sii", 's', NONE, "substr($1, $2, $3)") \
	X(CONCAT, "concat", "ssV", 's', NONE, "$1 || $2") \
	X(STARTS, "starts_with", "ss", 'b', NONE, NULL) \
	X(ENDS, "ends_with", "ss", 'b', NONE, NULL) \
	X(TEXT_B, "text", "b", 's', NONE, NULL) \
	X(TEXT_I, "text", "i", 's', NONE, NULL) \
	X(TEXT_R, "text", "r", 's', NONE, NULL) \
	X(TEXT_S, "text", "s", 's', NONE, NULL) \
	X(TEXT_T, "text", "t", 's', NONE, NULL)

#define BN_EXPR_TIMES(X) \
	X(TO_TIME, "time", "D", 't', TO_TIME, NULL) \
	X(TIME_S, "time", "s", 't', NONE, NULL) \
	X(DATE_T, "date", "t", 'D', NONE, NULL) \
	X(YEAR, "year", "t", 'i', YEAR, NULL) \
	X(MONTH, "month", "t", 'i', NONE, NULL) \
	X(DAY, "day", "t", 'i', NONE, NULL) \
	X(HOUR, "hour", "t", 'i', NONE, NULL) \
	X(MINUTE, "minute", "t", 'i', NONE, NULL) \
	X(SECOND, "second", "t", 'r', NONE, NULL) \
	X(WEEKDAY, "weekday", "t", 'i', NONE, NULL) \
	X(EPOCH, "epoch", "t", 'r', NONE, NULL) \
	X(SECONDS, "seconds", "d", 'r', NONE, NULL)

#define BN_EXPR_OPS(X) \
	BN_EXPR_ORDERED(X) \
	BN_EXPR_LOGIC(X) \
	BN_EXPR_NUMBERS(X) \
	BN_EXPR_CHOICES(X) \
	BN_EXPR_TEXTS(X) \
	BN_EXPR_TIMES(X)

#define BN_EXPR_ID(ID, name, arguments, result, bounds, sql) BN_OP_##ID,
typedef enum bn_expr_op {
	BN_OP_CONSTANT,
	BN_OP_FIELD,
	BN_EXPR_OPS(BN_EXPR_ID) BN_OP_COUNT
} bn_expr_op;
#undef BN_EXPR_ID

typedef struct bn_expr_op_def {
	const char *name, *arguments;
	char result;
	const char *sql; /* NULL: no SQL */
} bn_expr_op_def;

extern const bn_expr_op_def bn_expr_ops[BN_OP_COUNT]; /* for CONSTANT and FIELD: empty */

#endif
