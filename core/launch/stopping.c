/* stopping.c - see stopping.h. */
#include "core/launch/stopping.h"

#include "core/base/process.h"
#include "core/launch/created.h"
#include "core/run/spec.h"
#include "core/run/supervisor.h"

#include <signal.h>
#include <unistd.h>

static int64_t now_ms(bn_workspace *ws)
{
	return bn_env_monotonic_ns(bn_workspace_env(ws)) / 1000000;
}

void bn_stopping_begin(bn_stopping *s, bn_workspace *ws, const char *id)
{
	bn_created made;
	bn_spec *spec = NULL;
	*s = (bn_stopping){.begun_ms = now_ms(ws), .grace_s = BN_SPEC_GRACE_S};
	if (bn_created_find(&made, ws, id, NULL) >= 0 && made.spec[0] &&
		bn_spec_fetch(&spec, ws, made.spec, NULL) >= 0)
		s->grace_s = bn_spec_grace_s(spec);
	bn_spec_free(spec);
}

/* The author of the file must own the process. */
static bool may_signal(const bn_supervisor *s, pid_t pid, uid_t me)
{
	return pid > 1 && (s->uid == me || me == 0) && bn_process_belongs_to(pid, s->uid);
}

int bn_stopping_look(bn_stopping *s, bn_workspace *ws, const char *id, bool *killed, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_supervisor by;
	bn_created made;
	uid_t me = env->uid(env);
	int64_t now = now_ms(ws);
	*killed = false;
	if (bn_created_find(&made, ws, id, NULL) < 0)
		made.owner = me;
	int rc = bn_supervisor_find(&by, ws, id, made.owner, err);
	if (rc < 0)
		return rc;
	bool here = by.state == BN_SUPERVISOR_ALIVE && may_signal(&by, by.pid, me);
	bool stopped = here && bn_process_is_stopped(by.pid);
	if (!stopped)
		s->stopped_ms = 0;
	else if (s->stopped_ms == 0)
		s->stopped_ms = now;
	if (here && may_signal(&by, by.guard, me))
		kill(by.guard, SIGCONT);
	if (stopped && !s->killed && now - s->stopped_ms >= BN_STOPPING_PATIENCE_MS) {
		kill(by.pid, SIGKILL);
		s->killed = *killed = true;
	} else if (stopped) {
		kill(by.pid, SIGCONT);
	}
	if (now - s->begun_ms < (s->grace_s + BN_STOPPING_LONGEST_S) * 1000)
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"run %.8s has not ended %lld s after it was asked to (process %d on %s)", id,
		(long long)(now - s->begun_ms) / 1000, (int)by.pid,
		by.host[0] ? by.host : "another host");
	bn_err_hint(err, "binnacle run watch %.8s continues to wait", id);
	return BN_ECONFLICT;
}
