// SPDX-License-Identifier: GPL-2.0
/*
 * The folder without the daemon: prints what the main thread is told, a line each, and checks that what is said to be
 * READY can be opened and is what its digest says.
 *
 *   folder_driver STATE_DIR OPTION... ROOT[=VIEW]...
 *     -q MS   quiet period       -s MS     most that is waited      -i GLOB   ignore
 *     -m N    most files         -b BYTES  largest file             -p        in place
 *     -w      world-readable files only
 *
 * Lines of standard input: "status", "rescan", "config OPTION... ROOT[=VIEW]...", "quit"; its end means "quit".
 */
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder/folder.h"

#define MOST_WORDS 32

struct driver {
	struct event_base *base;
	struct folder *folder;
	struct config config;
	struct config_root roots[MOST_WORDS];
	char *ignore[MOST_WORDS];
	int status;
};

static void print_digest(const uint8_t *digest)
{
	int i;

	for (i = 0; i < 8; i++)
		printf("%02x", digest[i]);
}

/* What can be wrong with a content, NULL for nothing. A file in place may be another by now. */
static const char *wrong(const struct folder *f, const struct folder_file *file)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int fd = folder_open(f, file);
	char chunk[65536];
	uint64_t size = 0;
	ssize_t n;

	EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		EVP_DigestUpdate(hash, chunk, n);
		size += n;
	}
	EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
	if (fd < 0)
		return file->in_place ? NULL : strerror(-fd);
	close(fd);
	return size == file->size && !memcmp(digest, file->digest, sizeof(file->digest)) ? NULL : "other content";
}

static void print_change(struct driver *d, const struct folder_change *c)
{
	static const char *const what[] = { "ARRIVING", "READY", "GONE", "PINNED", "UNPINNED" };
	const char *error;

	printf("%s %s %s", what[c->what], c->view, c->name);
	if (c->what == FOLDER_READY) {
		printf(" %" PRIu64 " ", c->file.size);
		print_digest(c->file.digest);
		printf(" %s %s", c->file.in_place ? "place" : "copy", c->file.path);
	}
	putchar('\n');
	error = c->what == FOLDER_READY ? wrong(d->folder, &c->file) : NULL;
	if (error) {
		printf("BAD %s: %s\n", c->name, error);
		d->status = 1;
	}
}

static void on_changed(const struct folder_change *changes, size_t count, void *context)
{
	struct driver *d = context;
	size_t i;

	printf("SET %zu\n", count);
	for (i = 0; i < count; i++)
		print_change(d, &changes[i]);
}

static void on_scanned(void *context)
{
	(void)context;
	puts("SCANNED");
}

static void on_note(int level, const char *text, void *context)
{
	(void)context;
	printf("NOTE %d %s\n", level, text);
}

static void print_status(struct folder *f)
{
	struct folder_status s;

	folder_status_get(f, &s);
	printf("STATUS files=%" PRIu64 " bytes=%" PRIu64 " contents=%" PRIu64 " arriving=%" PRIu64 " left_out=%" PRIu64
	       " ingested=%" PRIu64 " rescans=%" PRIu64 " overflows=%" PRIu64 " watches=%" PRIu64
	       " scanned=%d problem=%s\n",
	       s.files, s.bytes, s.contents, s.arriving, s.left_out, s.ingested, s.rescans, s.overflows, s.watches,
	       s.scanned, s.problem);
}

static void add_root(struct driver *d, const char *word)
{
	struct config_root *root = &d->roots[d->config.root_count++];
	const char *view = strchr(word, '=');

	root->path = strndup(word, view ? (size_t)(view - word) : strlen(word));
	snprintf(root->view, sizeof(root->view), "%s", view ? view + 1 : "default");
}

static void forget(struct driver *d)
{
	while (d->config.root_count)
		free(d->roots[--d->config.root_count].path);
	while (d->config.ignore_count)
		free(d->ignore[--d->config.ignore_count]);
}

static int configure(struct driver *d, int count, char **words)
{
	int option;

	forget(d);
	d->config = (struct config){
		.state_dir = d->config.state_dir,
		.roots = d->roots,
		.ignore = d->ignore,
		.max_file_bytes = UINT64_MAX,
		.max_files = 1000000,
		.quiet_ms = 300,
		.settle_ms = 3000,
		.pin_bytes = KTFTP_NO_LIMIT,
	};
	optind = 0;
	while ((option = getopt(count, words, "q:s:i:m:b:pw")) >= 0) {
		switch (option) {
		case 'q':
			d->config.quiet_ms = strtoul(optarg, NULL, 10);
			break;
		case 's':
			d->config.settle_ms = strtoul(optarg, NULL, 10);
			break;
		case 'i':
			d->ignore[d->config.ignore_count++] = strdup(optarg);
			break;
		case 'm':
			d->config.max_files = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			d->config.max_file_bytes = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			d->config.in_place = true;
			break;
		case 'w':
			d->config.world_readable = true;
			break;
		default:
			return -1;
		}
	}
	for (; optind < count; optind++)
		add_root(d, words[optind]);
	return 0;
}

static void on_line(struct driver *d, char *line)
{
	char *words[MOST_WORDS], *word;
	int count = 0;

	while (count < MOST_WORDS - 1 && (word = strsep(&line, " \n")))
		if (*word)
			words[count++] = word;
	words[count] = NULL;
	if (!count || !strcmp(words[0], "quit"))
		event_base_loopbreak(d->base);
	else if (!strcmp(words[0], "status"))
		print_status(d->folder);
	else if (!strcmp(words[0], "rescan"))
		folder_rescan(d->folder);
	else if (!strcmp(words[0], "config") && !configure(d, count, words))
		folder_reconfigure(d->folder, &d->config);
}

static void on_input(evutil_socket_t fd, short what, void *context)
{
	struct driver *d = context;
	char line[4096];
	ssize_t n = read(fd, line, sizeof(line) - 1);
	char *at = line, *one;

	(void)what;
	line[n > 0 ? n : 0] = 0;
	if (n <= 0)
		event_base_loopbreak(d->base);
	while (*at && (one = strsep(&at, "\n")) && at)
		on_line(d, one);
}

int main(int argc, char **argv)
{
	struct driver d = {};
	struct folder_hooks hooks = { .changed = on_changed, .scanned = on_scanned, .note = on_note, .context = &d };
	struct event *input;
	char why[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || configure(&d, argc - 1, argv + 1))
		return 2;
	d.config.state_dir = argv[1];
	d.base = event_base_new();
	input = event_new(d.base, 0, EV_READ | EV_PERSIST, on_input, &d);
	event_add(input, NULL);
	if (folder_start(d.base, &d.config, false, &hooks, &d.folder, why, sizeof(why))) {
		printf("FAILED %s\n", why);
		d.status = 3;
	} else {
		event_base_dispatch(d.base);
		print_status(d.folder);
		folder_stop(d.folder);
	}
	event_free(input);
	event_base_free(d.base);
	forget(&d);
	return d.status;
}
