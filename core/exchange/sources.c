/* sources.c - the table of sources, and which one a path or an address is: see _source.h. */
#include "core/exchange/_source.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <fcntl.h>
#include <string.h>

static const bn_src_kind *const KINDS[] = {&bn_src_mlflow_db, &bn_src_wandb, &bn_src_mlruns, &bn_src_tensorboard};

static int read_head(bn_src_place *p, bn_err *err)
{
	int fd = -1, rc = bn_dir_open_file(&fd, p->dir, p->name, O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	rc = bn_dir_read_at(
		p->env, p->dir, p->name, fd, p->head, sizeof p->head, 0, &p->head_bytes, err);
	p->env->fs->close(p->env, fd);
	return rc;
}

static int look(bn_src_place *p, char **parent, bn_err *err)
{
	int rc = bn_fs_look(&p->kind, p->env, p->path, err);
	if (rc < 0)
		return rc;
	if (p->kind == BN_PATH_ABSENT) {
		bn_err_set(err, BN_ENOTFOUND, "no file or directory '%s'", p->path);
		if (bn_mlflow_lacks_scheme(p->path))
			bn_err_hint(err, "the address of a server begins with http:// or https://");
		return BN_ENOTFOUND;
	}
	if (p->kind == BN_PATH_DIR)
		return bn_dir_open(&p->dir, p->env, p->path, err);
	if (p->kind != BN_PATH_FILE)
		return bn_err_set(
			err, BN_EINVAL, "'%s' is neither a file nor a directory", p->path);
	p->name = bn_path_base(p->path);
	size_t n = (size_t)(p->name - p->path);
	*parent = n ? bn_strndup(p->path, n) : bn_strdup(".");
	if (!*parent)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_dir_open(&p->dir, p->env, *parent, err)) < 0)
		return rc;
	return read_head(p, err);
}

static int unknown(const bn_src_place *p, bn_err *err)
{
	bn_err_set(err, BN_EUNSUPPORTED, "'%s' is no source of runs that is known here", p->path);
	bn_err_hint(err,
		"an MLflow directory (mlruns), database (mlflow.db) or server (http://...), a W&B "
		"directory (wandb) or a directory of TensorBoard's event files");
	return BN_EUNSUPPORTED;
}

int bn_src_open(bn_src **out, const bn_env *env, const char *source,
	const bn_import_options *options, bn_exchange_report *report, bn_err *err)
{
	bn_src_place place = {.env = env, .path = source};
	char *parent = NULL;
	int rc;
	if (bn_mlflow_is_address(source)) {
		rc = bn_src_mlflow_server.open(out, &place, options, report, err);
		goto out;
	}
	if (bn_str_starts(source, "sqlite:///")) /* MLflow's own spelling */
		place.path = source + strlen("sqlite:///");
	else if (bn_str_starts(source, "file://"))
		place.path = source + strlen("file://");
	if ((rc = look(&place, &parent, err)) < 0)
		goto out;
	rc = 0;
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		if ((rc = KINDS[i]->is(&place, err)) == 0)
			continue;
		if (rc > 0)
			rc = KINDS[i]->open(out, &place, options, report, err);
		goto out;
	}
	rc = unknown(&place, err);
out:
	bn_dir_close(place.dir);
	bn_free(parent);
	if (rc < 0)
		return rc;
	(*out)->env = env;
	(*out)->report = report;
	(*out)->options = options;
	report->kind = (*out)->ops->kind;
	return 0;
}

void bn_src_close(bn_src *s)
{
	if (s)
		s->ops->close(s);
}
