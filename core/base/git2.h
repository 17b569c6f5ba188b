/*
 * git2.h - libgit2, opened when it is first needed (library.h): include it instead of <git2.h>.
 *
 * It and what it needs are a dozen shared libraries, which every command would bind although few ask for a repository.
 * A function that begins with a repository calls bn_git2_open first; the calls then read as with the library linked. A
 * name that is missing in the list does not link.
 */
#ifndef BN_BASE_GIT2_H
#define BN_BASE_GIT2_H
#include "core/base/err.h"

#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#define BN_GIT2_CALLS(X) \
	X(git_apply_to_tree) X(git_branch_iterator_free) X(git_branch_iterator_new) \
	X(git_branch_lookup) X(git_branch_next) X(git_buf_dispose) X(git_commit_free) \
	X(git_commit_lookup) X(git_commit_tree) X(git_config_foreach) X(git_config_free) \
	X(git_config_get_string_buf) X(git_config_open_ondisk) X(git_diff_find_options_init) \
	X(git_diff_find_similar) X(git_diff_free) X(git_diff_from_buffer) X(git_diff_get_delta) \
	X(git_diff_index_to_index) X(git_diff_num_deltas) X(git_diff_options_init) \
	X(git_diff_status_char) X(git_diff_to_buf) X(git_diff_tree_to_workdir_with_index) \
	X(git_error_last) X(git_ignore_path_is_ignored) X(git_index_find_prefix) \
	X(git_index_free) X(git_index_get_bypath) X(git_index_new) X(git_index_read_tree) \
	X(git_libgit2_init) X(git_libgit2_version) X(git_mempack_new) X(git_object_free) \
	X(git_object_id) X(git_odb_add_backend) X(git_odb_free) X(git_oid_fromstr) \
	X(git_oid_tostr) X(git_patch_free) X(git_patch_from_diff) X(git_patch_get_delta) \
	X(git_patch_line_stats) X(git_patch_to_buf) X(git_reference_free) \
	X(git_reference_is_branch) X(git_reference_lookup) X(git_reference_name_to_id) \
	X(git_reference_peel) X(git_reference_shorthand) X(git_reference_symbolic_target) \
	X(git_remote_free) X(git_remote_list) X(git_remote_lookup) X(git_remote_url) \
	X(git_repository_commondir) X(git_repository_config_snapshot) X(git_repository_free) \
	X(git_repository_head) X(git_repository_index) X(git_repository_odb) \
	X(git_repository_open_ext) X(git_repository_workdir) X(git_status_byindex) \
	X(git_status_list_entrycount) X(git_status_list_free) X(git_status_list_new) \
	X(git_status_options_init) X(git_strarray_dispose) X(git_tree_free)

typedef struct bn_git2 {
#define BN_FIELD(name) __typeof__(name) *name;
	BN_GIT2_CALLS(BN_FIELD)
#undef BN_FIELD
} bn_git2;

/* Opens and initialises it. BN_EUNSUPPORTED if this host lacks it. Any thread; it stays open. */
int bn_git2_open(bn_err *err);
/* Only after bn_git2_open has succeeded once in this process. */
const bn_git2 *bn_git2_calls(void);

#define git_apply_to_tree (bn_git2_calls()->git_apply_to_tree)
#define git_branch_iterator_free (bn_git2_calls()->git_branch_iterator_free)
#define git_branch_iterator_new (bn_git2_calls()->git_branch_iterator_new)
#define git_branch_lookup (bn_git2_calls()->git_branch_lookup)
#define git_branch_next (bn_git2_calls()->git_branch_next)
#define git_buf_dispose (bn_git2_calls()->git_buf_dispose)
#define git_commit_free (bn_git2_calls()->git_commit_free)
#define git_commit_lookup (bn_git2_calls()->git_commit_lookup)
#define git_commit_tree (bn_git2_calls()->git_commit_tree)
#define git_config_foreach (bn_git2_calls()->git_config_foreach)
#define git_config_free (bn_git2_calls()->git_config_free)
#define git_config_get_string_buf (bn_git2_calls()->git_config_get_string_buf)
#define git_config_open_ondisk (bn_git2_calls()->git_config_open_ondisk)
#define git_diff_find_options_init (bn_git2_calls()->git_diff_find_options_init)
#define git_diff_find_similar (bn_git2_calls()->git_diff_find_similar)
#define git_diff_free (bn_git2_calls()->git_diff_free)
#define git_diff_from_buffer (bn_git2_calls()->git_diff_from_buffer)
#define git_diff_get_delta (bn_git2_calls()->git_diff_get_delta)
#define git_diff_index_to_index (bn_git2_calls()->git_diff_index_to_index)
#define git_diff_num_deltas (bn_git2_calls()->git_diff_num_deltas)
#define git_diff_options_init (bn_git2_calls()->git_diff_options_init)
#define git_diff_status_char (bn_git2_calls()->git_diff_status_char)
#define git_diff_to_buf (bn_git2_calls()->git_diff_to_buf)
#define git_diff_tree_to_workdir_with_index (bn_git2_calls()->git_diff_tree_to_workdir_with_index)
#define git_error_last (bn_git2_calls()->git_error_last)
#define git_ignore_path_is_ignored (bn_git2_calls()->git_ignore_path_is_ignored)
#define git_index_find_prefix (bn_git2_calls()->git_index_find_prefix)
#define git_index_free (bn_git2_calls()->git_index_free)
#define git_index_get_bypath (bn_git2_calls()->git_index_get_bypath)
#define git_index_new (bn_git2_calls()->git_index_new)
#define git_index_read_tree (bn_git2_calls()->git_index_read_tree)
#define git_libgit2_init (bn_git2_calls()->git_libgit2_init)
#define git_libgit2_version (bn_git2_calls()->git_libgit2_version)
#define git_mempack_new (bn_git2_calls()->git_mempack_new)
#define git_object_free (bn_git2_calls()->git_object_free)
#define git_object_id (bn_git2_calls()->git_object_id)
#define git_odb_add_backend (bn_git2_calls()->git_odb_add_backend)
#define git_odb_free (bn_git2_calls()->git_odb_free)
#define git_oid_fromstr (bn_git2_calls()->git_oid_fromstr)
#define git_oid_tostr (bn_git2_calls()->git_oid_tostr)
#define git_patch_free (bn_git2_calls()->git_patch_free)
#define git_patch_from_diff (bn_git2_calls()->git_patch_from_diff)
#define git_patch_get_delta (bn_git2_calls()->git_patch_get_delta)
#define git_patch_line_stats (bn_git2_calls()->git_patch_line_stats)
#define git_patch_to_buf (bn_git2_calls()->git_patch_to_buf)
#define git_reference_free (bn_git2_calls()->git_reference_free)
#define git_reference_is_branch (bn_git2_calls()->git_reference_is_branch)
#define git_reference_lookup (bn_git2_calls()->git_reference_lookup)
#define git_reference_name_to_id (bn_git2_calls()->git_reference_name_to_id)
#define git_reference_peel (bn_git2_calls()->git_reference_peel)
#define git_reference_shorthand (bn_git2_calls()->git_reference_shorthand)
#define git_reference_symbolic_target (bn_git2_calls()->git_reference_symbolic_target)
#define git_remote_free (bn_git2_calls()->git_remote_free)
#define git_remote_list (bn_git2_calls()->git_remote_list)
#define git_remote_lookup (bn_git2_calls()->git_remote_lookup)
#define git_remote_url (bn_git2_calls()->git_remote_url)
#define git_repository_commondir (bn_git2_calls()->git_repository_commondir)
#define git_repository_config_snapshot (bn_git2_calls()->git_repository_config_snapshot)
#define git_repository_free (bn_git2_calls()->git_repository_free)
#define git_repository_head (bn_git2_calls()->git_repository_head)
#define git_repository_index (bn_git2_calls()->git_repository_index)
#define git_repository_odb (bn_git2_calls()->git_repository_odb)
#define git_repository_open_ext (bn_git2_calls()->git_repository_open_ext)
#define git_repository_workdir (bn_git2_calls()->git_repository_workdir)
#define git_status_byindex (bn_git2_calls()->git_status_byindex)
#define git_status_list_entrycount (bn_git2_calls()->git_status_list_entrycount)
#define git_status_list_free (bn_git2_calls()->git_status_list_free)
#define git_status_list_new (bn_git2_calls()->git_status_list_new)
#define git_status_options_init (bn_git2_calls()->git_status_options_init)
#define git_strarray_dispose (bn_git2_calls()->git_strarray_dispose)
#define git_tree_free (bn_git2_calls()->git_tree_free)

#endif
