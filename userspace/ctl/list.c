// SPDX-License-Identifier: GPL-2.0
/* ktftpctl list: what is published. */
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>

#include "ctl.h"

const char help_list[] =
	"  list [GLOB] [--view V] [--owner O]\n"
	"                     list what is published: name, size, kind, view, owner, hits, age\n";

#define ROW "%-40s %12s %-7s %-10s %-10s %8s %8s\n"

struct listing {
	const char *glob;
	const char *view;
	const char *owner;
	json_t *array;
	size_t count;
	uint64_t bytes;
	bool owner_hidden;
};

static void print_row(const struct ktftp_entry *e)
{
	char name[KTFTP_NAME_MAX + 1], age[32], size[32], hits[32];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)e->size);
	snprintf(hits, sizeof(hits), "%llu", (unsigned long long)e->hits);
	printf(ROW, show_name(e->name, name, sizeof(name)), size, kind_name(e->kind), e->view,
	       e->owner[0] ? e->owner : "-", hits, show_age(e->age_ms, age, sizeof(age)));
}

/* What may be hidden, or is not there, is null. */
static json_t *json_or_null(const char *text)
{
	return *text ? json_name(text) : json_null();
}

static json_t *entry_json(const struct ktftp_entry *e)
{
	char digest[2 * KTFTP_DIGEST_BYTES + 1];

	return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:I, s:I, s:I}",
			 "name", json_name(e->name), "size", (json_int_t)e->size, "kind", kind_name(e->kind),
			 "view", json_name(e->view), "owner", json_or_null(e->owner),
			 "source", json_or_null(e->source),
			 "sha256", e->has_digest ? json_string(show_digest(e->digest, digest)) : json_null(),
			 "offset", (json_int_t)e->offset, "while_attached", e->while_attached,
			 "hits", (json_int_t)e->hits, "age_ms", (json_int_t)e->age_ms, "id", (json_int_t)e->id);
}

static int add_entry(const struct ktftp_entry *e, void *context)
{
	struct listing *listing = context;

	if (listing->glob && fnmatch(listing->glob, e->name, FNM_CASEFOLD))
		return 0;
	if (listing->view && strcmp(listing->view, e->view))
		return 0;
	listing->owner_hidden = listing->owner && !e->owner[0];
	if (listing->owner_hidden)
		return -EPERM;
	if (listing->owner && strcmp(listing->owner, e->owner))
		return 0;
	listing->count++;
	listing->bytes += e->size;
	if (listing->array)
		return json_array_append_new(listing->array, entry_json(e));
	print_row(e);
	return 0;
}

static int parse(const struct ctl *ctl, struct words *words, struct listing *listing)
{
	const char *word;
	bool only_globs = false;
	int status = CTL_OK;

	while (!status && (word = peek_word(words))) {
		if (take_word(words, "--view"))
			status = take_label(ctl, words, word, &listing->view);
		else if (take_word(words, "--owner"))
			status = take_label(ctl, words, word, &listing->owner);
		else if (!only_globs && take_word(words, "--"))
			only_globs = true;
		else if (!only_globs && *word == '-' && word[1])
			return usage(ctl, "list has no option '%s' (options as -j come first: ktftpctl -j list)", word);
		else if (listing->glob)
			status = end_of_line(ctl, words);
		else
			listing->glob = next_word(words);
	}
	return status;
}

int cmd_list(struct ctl *ctl, struct words *words)
{
	struct listing listing = {};
	int status = parse(ctl, words, &listing), err;
	char size[32];

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	listing.array = ctl->json ? json_array() : NULL;
	if (!ctl->json)
		printf(ROW, "NAME", "SIZE", "KIND", "VIEW", "OWNER", "HITS", "AGE");
	err = ktftp_entry_list(ctl->k, add_entry, &listing);
	if (!err && ctl->json)
		print_json(listing.array);
	else if (!err)
		printf("%zu names, %s\n", listing.count, show_bytes(listing.bytes, size, sizeof(size)));
	json_decref(listing.array);
	if (listing.owner_hidden)
		return failed(ctl, "not permitted: owners are shown to who has CAP_NET_ADMIN (are you root?)");
	return err ? module_failed(ctl) : CTL_OK;
}
