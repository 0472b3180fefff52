// SPDX-License-Identifier: GPL-2.0
/* ktftpctl list: what is published. */
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>

#include "ctl.h"

const char help_list[] = "  list [GLOB]        list what is published: name, size, kind, hits, age\n";

struct listing {
	const char *glob;
	json_t *array;
	size_t count;
	uint64_t bytes;
};

static int add_entry(const struct ktftp_entry *e, void *context)
{
	const char *kind = enum_name(ktftp_kind_names, KTFTP_KIND_COPIED + 1, e->kind);
	char name[KTFTP_NAME_MAX + 1], age[32];
	struct listing *listing = context;
	json_t *item;

	if (listing->glob && fnmatch(listing->glob, e->name, FNM_CASEFOLD))
		return 0;
	listing->count++;
	listing->bytes += e->size;
	if (!listing->array) {
		printf("%-44s %12llu %-7s %8llu %8s\n", show_name(e->name, name, sizeof(name)),
		       (unsigned long long)e->size, kind, (unsigned long long)e->hits,
		       show_age(e->age_ms, age, sizeof(age)));
		return 0;
	}
	item = json_pack("{s:o, s:I, s:s, s:I, s:I, s:I}",
			 "name", json_name(e->name), "size", (json_int_t)e->size, "kind", kind,
			 "hits", (json_int_t)e->hits, "age_ms", (json_int_t)e->age_ms, "id", (json_int_t)e->id);
	return json_array_append_new(listing->array, item);
}

int cmd_list(struct ctl *ctl, struct words *words)
{
	struct listing listing = { .glob = next_word(words) };
	int status = end_of_line(ctl, words), err;
	char size[32];

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	listing.array = ctl->json ? json_array() : NULL;
	if (!ctl->json)
		printf("%-44s %12s %-7s %8s %8s\n", "NAME", "SIZE", "KIND", "HITS", "AGE");
	err = ktftp_entry_list(ctl->k, add_entry, &listing);
	if (!err && ctl->json)
		print_json(listing.array);
	else if (!err)
		printf("%zu names, %s\n", listing.count, show_bytes(listing.bytes, size, sizeof(size)));
	json_decref(listing.array);
	return err ? module_failed(ctl) : CTL_OK;
}
