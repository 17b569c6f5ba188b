# Prints the code of C files without comments and with shortened strings, as FILE:LINE:TEXT for every
# line that is not empty then. Of a string only letters, digits, '%' and '_' remain, so that no pattern
# of a lint matches in a message.
FNR == 1 { in_comment = 0 }
{
	rest = $0
	out = ""
	while (rest != "") {
		if (in_comment) {
			at = index(rest, "*/")
			if (!at) {
				rest = ""
				break
			}
			rest = substr(rest, at + 2)
			in_comment = 0
			continue
		}
		if (!match(rest, /\/\*|\/\/|"|'/)) {
			out = out rest
			break
		}
		mark = substr(rest, RSTART, RLENGTH)
		out = out substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (mark == "//")
			break
		if (mark == "/*") {
			in_comment = 1
			continue
		}
		text = ""
		while (rest != "") {
			c = substr(rest, 1, 1)
			rest = substr(rest, 2)
			if (c == "\\") {
				rest = substr(rest, 2)
				continue
			}
			if (c == mark)
				break
			if (c ~ /[A-Za-z0-9%_]/)
				text = text c
		}
		out = out mark text mark
	}
	if (out ~ /[^ \t]/)
		print FILENAME ":" FNR ":" out
}
