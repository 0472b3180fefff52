/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to names of a folder, as its thread tells the main one. */
#ifndef KTFTPD_CHANGE_H
#define KTFTPD_CHANGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "ktftp.h"

/**
 * struct folder_file - which content a name has
 * @digest: SHA-256; of a file that is served in place likewise
 * @size: bytes
 * @mtime_ns: when the file in the folder was changed last, nanoseconds since 1970
 * @in_place: @path is the folder's own file; else it is the store's, by its digest
 * @path: absolute path of the file in the folder
 */
struct folder_file {
	uint8_t digest[KTFTP_DIGEST_BYTES];
	uint64_t size;
	int64_t mtime_ns;
	bool in_place;
	char *path;
};

enum folder_what {
	FOLDER_ARRIVING, /* the name is known, its content is not yet */
	FOLDER_READY,    /* it has this content from now on */
	FOLDER_GONE,
	FOLDER_PINNED,   /* the module serves it, with the content that was told last */
	FOLDER_UNPINNED, /* it does not, or no longer */
};

struct folder_change {
	enum folder_what what;
	char view[KTFTP_LABEL_MAX + 1];
	char *name;              /* canonical */
	struct folder_file file; /* of READY */
};

#endif
