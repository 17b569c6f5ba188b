#!/bin/bash
# Schemas of TensorFlow Data Validation: written from a version, and the anomalies of others, by TFDV's names; environments,
# drift and skew.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init
printf 's,i,f,b,n,t\na,1,0.5,yes,1,x\nb,2,1.5,no,2,y\na,3,2.5,yes,,z\na,4,0.5,no,4,w\n' >jobs.csv
"$B" data add jobs jobs.csv -q >/dev/null 2>&1
found() { "$B" data anomalies "$@" --tsv 2>"$dir/err" | sed 1d | cut -f1,2 | tr '\t' ' '; }

# ---- a schema of a version, which it fulfils ------------------------------------------------------------------
expect 0 written "$B" data infer jobs --tfdv -o schema.pbtxt
check one_feature 'feature {
  name: "n"
  type: INT
  presence {
    min_count: 1
  }
  value_count {
    min: 1
    max: 1
  }
}' "$(awk '/^feature/{b=""} {b=b $0 "\n"} /^}/{if (b ~ /name: "n"/) printf "%s", b}' schema.pbtxt)"
check domain 'string_domain {
  name: "s"
  value: "a"
  value: "b"
}' "$(awk '/^string_domain/{p=1; b=""} p{b=b $0 "\n"} /^}/{if (p && b ~ /name: "s"/) printf "%s", b; p=0}' schema.pbtxt)"
expect 0 fulfilled "$B" data anomalies jobs schema.pbtxt
says 'no anomalies'
check on_stdout "$(cat schema.pbtxt)" "$("$B" data infer jobs --tfdv 2>/dev/null)"

# ---- what is found --------------------------------------------------------------------------------------------
cat >want.pbtxt <<'X'
feature { name: "s" type: BYTES domain: "states" presence { min_fraction: 1.0 min_count: 1 } unique_constraints { min: 3 max: 9 } }
feature { name: "i" type: INT int_domain { min: 2 max: 3 } }
feature { name: "f" type: FLOAT float_domain { min: 1 max: 2 } }
feature { name: "b" type: BYTES bool_domain { true_value: "yes" false_value: "NO" } }
feature { name: "n" type: INT presence { min_fraction: 0.9 min_count: 4 } }
feature { name: "t" type: INT }
feature { name: "label" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
feature { name: "old" type: INT presence { min_count: 1 } lifecycle_stage: DEPRECATED }
string_domain { name: "states" value: "a" value: "c" }
default_environment: "TRAINING"
default_environment: "SERVING"
dataset_constraints { min_examples_count: 5 }
X
expect 1 some "$B" data anomalies jobs want.pbtxt
says 'jobs@v1: 12 anomalies'
check all ' DATASET_LOW_NUM_EXAMPLES
s FEATURE_TYPE_LOW_UNIQUE
s ENUM_TYPE_UNEXPECTED_STRING_VALUES
i INT_TYPE_SMALL_INT
i INT_TYPE_BIG_INT
f FLOAT_TYPE_SMALL_FLOAT
f FLOAT_TYPE_BIG_FLOAT
b BOOL_TYPE_UNEXPECTED_STRING
n FEATURE_TYPE_LOW_FRACTION_PRESENT
n FEATURE_TYPE_LOW_NUMBER_PRESENT
t UNEXPECTED_DATA_TYPE
label SCHEMA_MISSING_COLUMN' "$(found jobs want.pbtxt | sed 's/^-//' | grep -v SCHEMA_NEW)"
check not_in_serving 0 "$(found jobs want.pbtxt --environment SERVING | grep -c label)"
check in_training 1 "$(found jobs want.pbtxt --environment TRAINING | grep -c label)"
sed 's/"states" presence/"states" distribution_constraints { min_domain_mass: 0.75 } presence/' want.pbtxt >mass.pbtxt
check domain_mass 0 "$(found jobs mass.pbtxt | grep -c ENUM)"
grep -v '"n"' want.pbtxt >less.pbtxt
check new_column 'n SCHEMA_NEW_COLUMN' "$(found jobs less.pbtxt | grep NEW)"
printf 'feature { name: "s" type: BYTES url_domain { } }\n' >more.pbtxt
expect 1 ignored "$B" data anomalies jobs more.pbtxt
says 'warning: not checked: feature.url_domain'
printf 'feature {\n  name "s"\n}\n' >bad.pbtxt
expect 2 malformed "$B" data anomalies jobs bad.pbtxt
says "bad.pbtxt:2:8: ':' or '{' is expected after the name of a field"
expect 3 no_schema "$B" data anomalies jobs none.pbtxt

# ---- drift and skew: a is 3 of 4 and then 1 of 4 --------------------------------------------------------------
printf 's,i\na,1\nb,2\nb,3\nb,4\n' >next.csv
"$B" data add next next.csv -q >/dev/null 2>&1
compared() { # COMPARATOR DISTANCE THRESHOLD OPTION
	printf 'feature { name: "s" %s { %s { threshold: %s } } }\nfeature { name: "i" }\n' "$1" "$2" "$3" >c.pbtxt
	found next c.pbtxt "$4" jobs
}
check drift 's COMPARATOR_L_INFTY_HIGH' "$(compared drift_comparator infinity_norm 0.49 --previous)"
check at_threshold '' "$(compared drift_comparator infinity_norm 0.5 --previous)"
check skew 's COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH' "$(compared skew_comparator normalized_abs_difference 0.2 --serving)"
check divergence 's COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH' "$(compared skew_comparator jensen_shannon_divergence 0.18 --serving)"
check not_that_far '' "$(compared skew_comparator jensen_shannon_divergence 0.19 --serving)"
check not_asked '' "$(compared drift_comparator infinity_norm 0 --serving)"
printf 'feature { name: "i" drift_comparator { infinity_norm { threshold: 0 } } }\n' >c.pbtxt
expect 2 of_numbers "$B" data anomalies next c.pbtxt --previous jobs
says 'infinity_norm is for texts'
exit $bad
