/*
 * site_limits.h - what a site, a user and a workspace have set (core/base/settings.h), said to a run that is to start.
 */
#ifndef BN_LAUNCH_SITE_LIMITS_H
#define BN_LAUNCH_SITE_LIMITS_H
#include "core/base/settings.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

/* *name: the executor; given is what an option or a spec says, or NULL. Borrowed from settings or given. */
int bn_site_executor(const char **name, const bn_settings *s, const char *given, bn_err *err);
/* Partition and account that a spec names; on a login host cores and time of a run of this host's: what the spec
 * leaves open is filled in, what is beyond what the site enforces is BN_EREFUSED. */
int bn_site_limits(bn_spec *spec, const bn_settings *s, const bn_env *env, bn_err *err);

#endif
