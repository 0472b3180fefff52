// SPDX-License-Identifier: GPL-2.0
/* How the daemon's things look in JSON; members that ktftpctl -j knows have the same names here. */
#include <arpa/inet.h>
#include <fnmatch.h>

#include "commands.h"
#include "folder/folder.h"
#include "log/log.h"
#include "serve/catalogue.h"
#include "serve/serve.h"

/* JSON has no strings but Unicode ones, and a name may be any bytes: those that are no UTF-8 become "?". */
json_t *value_text(const char *text)
{
	json_t *value = json_string(text);
	char ascii[1024];
	size_t i;

	if (value)
		return value;
	for (i = 0; text[i] && i + 1 < sizeof(ascii); i++)
		ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	ascii[i] = 0;
	return json_string(ascii);
}

static json_t *value_address(const struct ktftp_address *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
	return json_string(text);
}

static const char *enum_name(const char *const *names, uint32_t most, uint32_t value)
{
	return value <= most && names[value] ? names[value] : "?";
}

struct listing {
	json_t *array;
	const char *engine;
};

static int add_listener(const struct ktftp_listener *l, void *context)
{
	const struct listing *listing = context;
	json_t *item = json_pack("{s:o, s:i, s:s, s:s, s:b, s:b, s:i, s:i, s:I, s:s}",
				 "address", value_address(&l->address), "port", l->port,
				 "device", l->device,
				 "state", enum_name(ktftp_listener_state_names, KTFTP_LISTENER_STATE_CLOSING, l->state),
				 "single_port", !!(l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT),
				 "notrack", !!(l->flags & KTFTP_LISTENER_FLAG_NOTRACK),
				 "tid_first", l->tid_first, "tid_last", l->tid_last,
				 "transfers", (json_int_t)l->transfers,
				 "engine", listing->engine);

	return json_array_append_new(listing->array, item);
}

/* The module's and the engine's own. */
json_t *value_listeners(struct daemon *d)
{
	struct listing listing = { .array = json_array(), .engine = "kernel" };

	/* What the module cannot tell is not there. */
	if (d->kernel)
		ktftp_listener_list(d->kernel, add_listener, &listing);
	listing.engine = "user";
	engine_listener_list(d->engine, add_listener, &listing);
	return listing.array;
}

static int add_transfer(const struct ktftp_transfer *t, void *context)
{
	json_t *item = json_pack("{s:o, s:i, s:o, s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
				 "client", value_address(&t->client), "client_port", t->client_port,
				 "local", value_address(&t->local), "tid", t->tid,
				 "name", value_text(t->name),
				 "size", (json_int_t)t->size, "bytes", (json_int_t)t->bytes,
				 "blksize", (json_int_t)t->blksize,
				 "windowsize", (json_int_t)t->windowsize, "repeats", (json_int_t)t->repeats,
				 "srtt_us", (json_int_t)t->srtt_us, "age_ms", (json_int_t)t->age_ms,
				 "listener", (json_int_t)t->listener,
				 "state", enum_name(ktftp_transfer_state_names, KTFTP_TRANSFER_STATE_LINGERING, t->state));

	return json_array_append_new(context, item);
}

/* The engine's. */
json_t *value_transfers(struct daemon *d)
{
	json_t *array = json_array();

	if (!engine_transfer_list(d->engine, add_transfer, array))
		return array;
	json_decref(array);
	return NULL;
}

json_t *value_stats(const struct engine *e)
{
	json_t *object = json_object();
	struct ktftp_stats stats;
	int i;

	engine_stats_get(e, &stats);
	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		if (ktftp_stats_names[i])
			json_object_set_new(object, ktftp_stats_names[i], json_integer(stats.value[i]));
	return object;
}

json_t *value_folder(struct daemon *d)
{
	struct folder_status s = {};
	json_t *object;

	if (!d->folder)
		return json_null();
	folder_status_get(d->folder, &s);
	object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}",
			   "files", (json_int_t)s.files, "bytes", (json_int_t)s.bytes,
			   "contents", (json_int_t)s.contents,
			   "pinned", (json_int_t)s.pinned, "pinned_bytes", (json_int_t)s.pinned_bytes,
			   "arriving", (json_int_t)s.arriving, "left_out", (json_int_t)s.left_out,
			   "ingested", (json_int_t)s.ingested, "ingested_bytes", (json_int_t)s.ingested_bytes,
			   "rescans", (json_int_t)s.rescans, "overflows", (json_int_t)s.overflows,
			   "watches", (json_int_t)s.watches,
			   "scanned", s.scanned && serve_knows_all(d->serve),
			   "problem", s.problem[0] ? value_text(s.problem) : json_null());
	return object;
}

json_t *value_serve(struct daemon *d)
{
	struct serve_counts c = {};

	if (!d->serve)
		return json_null();
	serve_counts_get(d->serve, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "requests", (json_int_t)c.requests, "started", (json_int_t)c.started,
			 "served", (json_int_t)c.served, "parked", (json_int_t)c.parked,
			 "not_found", (json_int_t)c.not_found, "silent", (json_int_t)c.silent,
			 "refused", (json_int_t)c.refused);
}

json_t *value_log(struct daemon *d)
{
	struct log_counts c = {};

	if (!d->log)
		return json_null();
	log_counts_get(d->log, &c);
	return json_pack("{s:I, s:I, s:I}", "written", (json_int_t)c.written, "dropped", (json_int_t)c.dropped,
			 "unsent", (json_int_t)c.unsent);
}

/*
 * Phones wait while a list is made, so it is made in pieces: that many names, or as many looked at for those that
 * match.
 */
#define PIECE_NAMES 500
#define PIECE_LOOKS 10000

/**
 * struct names - a piece of a list
 * @array: names
 * @glob: that they match, or NULL
 * @from: the first one that is looked at
 * @at: the next one
 */
struct names {
	json_t *array;
	const char *glob;
	size_t from;
	size_t at;
};

static json_t *value_digest(const uint8_t digest[KTFTP_DIGEST_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * KTFTP_DIGEST_BYTES];
	size_t i;

	for (i = 0; i < KTFTP_DIGEST_BYTES; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	return json_stringn(text, sizeof(text));
}

/* What is not there yet has neither size nor content. */
static json_t *value_name(const struct item *item)
{
	const bool ready = item->state == ITEM_READY;

	return json_pack("{s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:o, s:I}",
			 "name", value_text(item->name), "view", value_text(item->view),
			 "arriving", !ready, "pinned", item->pinned,
			 "size", (json_int_t)(ready ? item->file.size : 0),
			 "sha256", ready ? value_digest(item->file.digest) : json_null(),
			 "source", ready && item->file.path ? value_text(item->file.path) : json_null(),
			 "changed", ready ? json_integer(item->file.mtime_ns / 1000000000) : json_null(),
			 "hits", (json_int_t)item->hits);
}

/* 1 at the end of the piece. */
static int add_name(struct item *item, void *context)
{
	struct names *names = context;

	if (names->at < names->from) {
		names->at++;
		return 0;
	}
	if (json_array_size(names->array) == PIECE_NAMES || names->at - names->from == PIECE_LOOKS)
		return 1;
	names->at++;
	if (names->glob && fnmatch(names->glob, item->name, FNM_CASEFOLD))
		return 0;
	return json_array_append_new(names->array, value_name(item));
}

json_t *value_names(struct daemon *d, const char *glob, size_t from)
{
	struct names names = { .array = json_array(), .glob = glob, .from = from };
	int end = catalogue_each(d->catalogue, add_name, &names);

	if (end >= 0)
		return json_pack("{s:o, s:o, s:I}", "names", names.array,
				 "next", end ? json_integer(names.at) : json_null(),
				 "of", (json_int_t)catalogue_count(d->catalogue));
	json_decref(names.array);
	return NULL;
}
