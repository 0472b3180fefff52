// SPDX-License-Identifier: GPL-2.0
/* ktftpctl list: what is published. */
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "daemon.h"
#include "server.h"

const char help_list[] =
	"  list [GLOB] [--view V] [--owner O]\n"
	"                     list what is served: name, size, kind, view, owner, hits, age;\n"
	"                     kind daemon is what ktftpd serves itself\n";

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

	return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:I, s:I, s:I, s:s, s:b}",
			 "name", json_name(e->name), "size", (json_int_t)e->size, "kind", kind_name(e->kind),
			 "view", json_name(e->view), "owner", json_or_null(e->owner),
			 "source", json_or_null(e->source),
			 "sha256", e->has_digest ? json_string(show_digest(e->digest, digest)) : json_null(),
			 "offset", (json_int_t)e->offset, "while_attached", e->while_attached,
			 "hits", (json_int_t)e->hits, "age_ms", (json_int_t)e->age_ms, "id", (json_int_t)e->id,
			 "engine", ENGINE_KERNEL, "arriving", 0);
}

/* ---- what the daemon serves itself ---- */

/* Whose names they are, in the module as well. */
#define DAEMON_OWNER "folder"
#define DAEMON_KIND  "daemon"

/* Since the file was changed. */
static json_int_t age_ms(const json_t *item)
{
	json_int_t changed = get_integer(item, "changed"), now = time(NULL);

	return changed && changed < now ? (now - changed) * 1000 : 0;
}

static void print_daemon_row(const json_t *item)
{
	char name[KTFTP_NAME_MAX + 1], age[32], size[32] = "-", hits[32];

	if (!get_flag(item, "arriving"))
		snprintf(size, sizeof(size), "%lld", (long long)get_integer(item, "size"));
	snprintf(hits, sizeof(hits), "%lld", (long long)get_integer(item, "hits"));
	printf(ROW, show_name(get_text(item, "name"), name, sizeof(name)), size, DAEMON_KIND, get_text(item, "view"),
	       DAEMON_OWNER, hits, show_age(age_ms(item), age, sizeof(age)));
}

static json_t *daemon_entry_json(const json_t *item)
{
	return json_pack("{s:O, s:O, s:s, s:O, s:s, s:O, s:O, s:i, s:b, s:O, s:I, s:n, s:s, s:O}",
			 "name", json_object_get(item, "name"), "size", json_object_get(item, "size"),
			 "kind", DAEMON_KIND,
			 "view", json_object_get(item, "view"), "owner", DAEMON_OWNER,
			 "source", json_object_get(item, "source"), "sha256", json_object_get(item, "sha256"),
			 "offset", 0, "while_attached", 0, "hits", json_object_get(item, "hits"),
			 "age_ms", age_ms(item), "id", "engine", ENGINE_USER,
			 "arriving", json_object_get(item, "arriving"));
}

/* What the module serves was listed by the module. */
static void add_daemon_entry(const json_t *item, struct listing *listing)
{
	if (get_flag(item, "pinned") || (listing->view && strcmp(listing->view, get_text(item, "view"))) ||
	    (listing->owner && strcmp(listing->owner, DAEMON_OWNER)))
		return;
	listing->count++;
	listing->bytes += get_integer(item, "size");
	if (listing->array)
		json_array_append_new(listing->array, daemon_entry_json(item));
	else
		print_daemon_row(item);
}

/* The daemon gives a list in pieces. How often to begin anew when names come or go meanwhile. */
#define MOST_TRIES 5

/* A piece; *next is where the next one begins, -1 at the end, and *of how many names there are. */
static int ask_piece(struct ctl *ctl, const struct listing *listing, json_t *names, json_int_t *next, json_int_t *of)
{
	json_t *arguments = json_pack("{s:I}", "from", *next), *answer;

	if (listing->glob)
		json_object_set_new(arguments, "glob", json_name(listing->glob));
	if (ask_served(ctl, "list", arguments, &answer))
		return CTL_FAILED;
	json_array_extend(names, json_object_get(answer, "names"));
	*next = json_is_integer(json_object_get(answer, "next")) ? get_integer(answer, "next") : -1;
	*of = get_integer(answer, "of");
	json_decref(answer);
	return CTL_OK;
}

/* All names, of one moment unless there is no end of changes. */
static int ask_names(struct ctl *ctl, const struct listing *listing, json_t *names)
{
	json_int_t next = 0, of = 0, of_first = 0;
	int status = CTL_OK, tries = 0;

	while (!status && next >= 0) {
		const bool first = !next;

		status = ask_piece(ctl, listing, names, &next, &of);
		if (first)
			of_first = of;
		if (of != of_first && ++tries < MOST_TRIES) {
			json_array_clear(names);
			next = 0;
		}
	}
	return status;
}

static int list_daemon(struct ctl *ctl, struct listing *listing)
{
	json_t *names = json_array(), *item;
	int status = ask_names(ctl, listing, names);
	size_t i;

	json_array_foreach(names, i, item)
	{
		add_daemon_entry(item, listing);
	}
	json_decref(names);
	return status;
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

static int list_module(struct ctl *ctl, struct listing *listing)
{
	int err = ctl->k ? ktftp_entry_list(ctl->k, add_entry, listing) : 0;

	if (listing->owner_hidden)
		return failed(ctl, "not permitted: owners are shown to who has CAP_NET_ADMIN (are you root?)");
	return err ? module_failed(ctl) : CTL_OK;
}

int cmd_list(struct ctl *ctl, struct words *words)
{
	struct listing listing = {};
	int status = parse(ctl, words, &listing);
	char size[32];

	if (!status)
		status = connect_server(ctl);
	if (status)
		return status;
	listing.array = ctl->json ? json_array() : NULL;
	if (!ctl->json)
		printf(ROW, "NAME", "SIZE", "KIND", "VIEW", "OWNER", "HITS", "AGE");
	status = list_module(ctl, &listing);
	if (!status)
		status = list_daemon(ctl, &listing);
	if (!status && ctl->json)
		print_json(listing.array);
	else if (!status)
		printf("%zu names, %s\n", listing.count, show_bytes(listing.bytes, size, sizeof(size)));
	json_decref(listing.array);
	return status;
}
