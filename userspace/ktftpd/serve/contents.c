// SPDX-License-Identifier: GPL-2.0
/* See contents.h: a few, found by their digests; the one that was not asked for longest makes room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contents.h"

#define CONTENTS_MOST 128

/**
 * struct kept - a content that is open
 * @content: it, with a reference; NULL in a free place
 * @digest: its digest
 * @used: when it was asked for last, counted in questions
 */
struct kept {
	struct content *content;
	uint8_t digest[KTFTP_DIGEST_BYTES];
	uint64_t used;
};

struct contents {
	struct kept kept[CONTENTS_MOST];
	uint64_t questions;
};

struct contents *contents_new(void)
{
	return calloc(1, sizeof(struct contents));
}

void contents_free(struct contents *contents)
{
	size_t i;

	if (!contents)
		return;
	for (i = 0; i < CONTENTS_MOST; i++)
		if (contents->kept[i].content)
			content_put(contents->kept[i].content);
	free(contents);
}

static struct kept *find(struct contents *contents, const uint8_t *digest)
{
	size_t i;

	for (i = 0; i < CONTENTS_MOST; i++)
		if (contents->kept[i].content &&
		    !memcmp(contents->kept[i].digest, digest, sizeof(contents->kept[i].digest)))
			return &contents->kept[i];
	return NULL;
}

static struct kept *make_room(struct contents *contents)
{
	struct kept *oldest = &contents->kept[0];
	size_t i;

	for (i = 1; i < CONTENTS_MOST && oldest->content; i++)
		if (!contents->kept[i].content || contents->kept[i].used < oldest->used)
			oldest = &contents->kept[i];
	if (oldest->content)
		content_put(oldest->content);
	oldest->content = NULL;
	return oldest;
}

static struct content *open_content(const struct folder *folder, const struct folder_file *file)
{
	int fd = folder_open(folder, file);

	if (fd >= 0)
		return content_of_file(fd);
	errno = -fd;
	return NULL;
}

/* A file that is served in place may be another one in a moment: it is looked at anew for each download. */
struct content *contents_open(struct contents *contents, const struct folder *folder, const struct folder_file *file)
{
	struct kept *kept = file->in_place ? NULL : find(contents, file->digest);
	struct content *content;

	if (!kept) {
		content = open_content(folder, file);
		if (!content || file->in_place)
			return content;
		kept = make_room(contents);
		kept->content = content;
		memcpy(kept->digest, file->digest, sizeof(kept->digest));
	}
	kept->used = ++contents->questions;
	return content_get(kept->content);
}
