/* _tar.h - the header of an entry (POSIX.1-2017, pax, "ustar Interchange Format"). */
#ifndef BN_PACKAGE__TAR_H
#define BN_PACKAGE__TAR_H
#include "core/package/tar.h"

#define BN_TAR_BLOCK 512
#define BN_TAR_TYPE_FILE '0'
#define BN_TAR_TYPE_DIR '5'

typedef struct bn_tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type,
		linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8],
		prefix[155], pad[12];
} bn_tar_header;

/* The sum of its bytes, those of the checksum's field taken as blanks. */
unsigned bn_tar_checksum(const bn_tar_header *h);

#endif
