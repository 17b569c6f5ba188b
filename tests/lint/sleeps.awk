# Prints each `sleep` of a shell script that is outside of a loop and has no reason in a comment: FILE:LINE: TEXT.
# A test waits for the event, in a loop with a limit; `# time itself: WHY` is for what has no observable event.
FNR == 1 {
	depth = 0
}
/^[ \t]*#/ {
	next
}
{
	rest = $0
	# Quoted text is for another shell; it contains its loops completely.
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
