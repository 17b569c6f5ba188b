# Finds retired forms (see idioms.sh) in the output of code.awk: prints "MODULE FORM FILE:LINE".
function module(file, part) {
	split(file, part, "/")
	return part[1] == "core" ? part[2] : part[1]
}
function found(form) {
	print module(file), form, file ":" line
}
# A conditional expression nested in another one's branch: `a ? b : c ? d : e`.
function nested(text, i, c, depth, open, n) {
	depth = 0
	n = 0
	open[0] = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(" || c == "[" || c == "{") {
			open[depth + 1] = open[depth]
			depth++
		} else if (c == ")" || c == "]" || c == "}") {
			if (depth > 0)
				depth--
		} else if (c == "," || c == ";") {
			open[depth] = 0
		} else if (c == "?") {
			if (open[depth])
				n++
			open[depth]++
		}
	}
	return n
}
{
	match($0, /^[^:]*:[0-9]+:/)
	head = substr($0, 1, RLENGTH - 1)
	text = substr($0, RLENGTH + 1)
	colon = index(head, ":")
	if (substr(head, 1, colon - 1) != file) {
		statement = ""
		file = substr(head, 1, colon - 1)
	}
	line = substr(head, colon + 1)
	if (text ~ /^[ \t]*#/)
		next
	rest = text
	while (match(rest, /if \((rc == 0|!rc)([^A-Za-z0-9_]|$)|(!rc|[^A-Za-z0-9_.>]rc == 0) && \(?rc = |!\(rc = |rc = rc \? rc|\|\| \(rc = [^;]*\) == 0|\(rc = [^;]*\)\) == 0 &&/)) {
		found("ladder")
		rest = substr(rest, RSTART + RLENGTH)
	}
	statement = statement " " text
	if (text ~ /[;{}]/) {
		if (statement ~ /bn_err_set\([^;]*"%s", [A-Za-z_]+(\.|->)msg\)/)
			found("copy")
		for (k = nested(statement); k > 0; k--)
			found("nested")
		statement = ""
	}
}
