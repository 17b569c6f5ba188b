# Include cycles among the files of core/: reads "FILE:LINE:#include "core/..."" lines (grep -n)
# and prints one line for every set of files that include each other: "N MODULE a b c". A header,
# its source and their internal header (_err.h) count as one file
# ("core/base/err").
function unit(path) {
	sub(/\.[ch]$/, "", path)
	sub(/\/_/, "/", path)
	return path
}
function visit(u, i, v, list, n) { # Tarjan, "Depth-first search and linear graph algorithms", 1972
	number[u] = low[u] = ++visited
	stack[++top] = u
	on_stack[u] = 1
	n = split(uses[u], list, " ")
	for (i = 1; i <= n; i++) {
		v = list[i]
		if (!(v in number)) {
			visit(v)
			if (low[v] < low[u])
				low[u] = low[v]
		} else if (on_stack[v] && number[v] < low[u]) {
			low[u] = number[v]
		}
	}
	if (low[u] == number[u])
		pop(u)
}
function pop(u, v, set, n, part) {
	do {
		v = stack[top--]
		on_stack[v] = 0
		set = set " " v
		n++
	} while (v != u)
	split(u, part, "/")
	if (n > 1)
		print n, part[2] set
}
{
	from = unit(substr($0, 1, index($0, ":") - 1))
	to = $0
	sub(/^[^"]*"/, "", to)
	sub(/".*/, "", to)
	to = unit(to)
	if (from != to && !((from, to) in seen)) {
		seen[from, to] = 1
		uses[from] = uses[from] " " to
		all[from] = 1
	}
}
END {
	for (u in all)
		if (!(u in number))
			visit(u)
}
