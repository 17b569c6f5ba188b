# Prints each `sleep` of a shell script that is no step of a loop, and has no reason beside it: FILE:LINE: TEXT.
# A test waits for the thing itself, in a loop with a limit; `# time itself: WHY` is for what has no sign.
FNR == 1 {
	depth = 0
}
/^[ \t]*#/ {
	next
}
{
	rest = $0
	# Text in quotes goes to another shell; a loop in it stands there whole.
	loop = depth > 0 || rest ~ /(^|[^A-Za-z_])(for|while|until) .*(;|^)[ \t]*do[ \t]/
	opened = gsub(/(^|[;&|({ \t])do([ \t]|$)/, "&", rest)
	closed = gsub(/(^|[;&|({ \t])done([^A-Za-z_]|$)/, "&", rest)
	if (!loop && opened == 0 && $0 !~ /# time itself: [a-z]/ &&
	    $0 ~ /(^|&&|\|\||[;({"'])[ \t]*sleep [0-9$"]/ && $0 !~ /sleep [^;&|]*&([^&]|$)/)
		printf "%s:%d: %s\n", FILENAME, FNR, $0
	depth += opened - closed
	if (depth < 0)
		depth = 0
}
