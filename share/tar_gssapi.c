/*
 * tar_gssapi.c - stubs of the Kerberos functions in libgit2's static archive, for share/tar.sh: the tar has no Kerberos.
 *
 * libgit2 calls them when a git server requires authentication, and first lists the available mechanisms. Binnacle
 * only reads repositories on a disk, and never calls them.
 */
#include <stddef.h>
#include <stdint.h>

#define NONE ((uint32_t)13 << 16) /* GSS_S_FAILURE */

void *GSS_C_NT_HOSTBASED_SERVICE;

uint32_t gss_indicate_mechs(uint32_t *minor, void **set);
uint32_t gss_import_name(uint32_t *minor, const void *text, const void *type, void **name);
uint32_t gss_init_sec_context(uint32_t *minor, const void *credential, void **context, ...);
uint32_t gss_display_status(uint32_t *minor, uint32_t status, int type, const void *mech,
	uint32_t *context, void *text);
uint32_t gss_delete_sec_context(uint32_t *minor, void **context, void *token);
uint32_t gss_release_name(uint32_t *minor, void **name);
uint32_t gss_release_oid_set(uint32_t *minor, void **set);
uint32_t gss_release_buffer(uint32_t *minor, void *buffer);

static uint32_t none(uint32_t *minor)
{
	*minor = 0;
	return NONE;
}

uint32_t gss_indicate_mechs(uint32_t *minor, void **set)
{
	*set = NULL;
	return none(minor);
}

uint32_t gss_import_name(uint32_t *minor, const void *text, const void *type, void **name)
{
	(void)text;
	(void)type;
	*name = NULL;
	return none(minor);
}

uint32_t gss_init_sec_context(uint32_t *minor, const void *credential, void **context, ...)
{
	(void)credential;
	(void)context;
	return none(minor);
}

uint32_t gss_display_status(
	uint32_t *minor, uint32_t status, int type, const void *mech, uint32_t *context, void *text)
{
	(void)status;
	(void)type;
	(void)mech;
	(void)text;
	*context = 0;
	return none(minor);
}

uint32_t gss_delete_sec_context(uint32_t *minor, void **context, void *token)
{
	(void)token;
	*context = NULL;
	return none(minor);
}

uint32_t gss_release_name(uint32_t *minor, void **name)
{
	*name = NULL;
	return none(minor);
}

uint32_t gss_release_oid_set(uint32_t *minor, void **set)
{
	*set = NULL;
	return none(minor);
}

uint32_t gss_release_buffer(uint32_t *minor, void *buffer)
{
	(void)buffer;
	return none(minor);
}
