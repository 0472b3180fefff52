/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktftp: a typed client of the generic netlink family "ktftp".
 *
 * Functions return 0 or a negative errno; what to tell a person is in ktftp_error() then: the kernel's own
 * text where it gave one. A connection belongs to one thread.
 */
#ifndef LIBKTFTP_H
#define LIBKTFTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ktftp.h>

#include "enum_names.h"

struct ktftp;

/* An address as the family knows it: 4 or 16 bytes in network order. */
struct ktftp_address {
	uint8_t bytes[16];
	uint8_t length;
};

struct ktftp_listener {
	uint32_t id;
	struct ktftp_address address;
	uint16_t port;      /* 0 when adding: 69 */
	char device[16];    /* empty for none */
	uint32_t flags;     /* enum ktftp_listener_flag */
	uint16_t tid_first; /* 0 when adding: the default range */
	uint16_t tid_last;
	uint8_t dscp;
	uint32_t mark;
	uint32_t state; /* enum ktftp_listener_state; when adding, draining takes no requests yet */
	uint32_t tid_ports;
	uint32_t transfers;
};

/* Of a budget: none but the host's. */
#define KTFTP_NO_LIMIT UINT64_MAX

/* Of a size: up to the end of the file. */
#define KTFTP_WHOLE    UINT64_MAX

/* A name that is published. Owner and source are empty for who lacks CAP_NET_ADMIN. */
struct ktftp_entry {
	uint32_t id;
	char name[KTFTP_NAME_MAX + 1];
	char view[KTFTP_LABEL_MAX + 1];
	char owner[KTFTP_LABEL_MAX + 1];
	char source[KTFTP_SOURCE_MAX + 1]; /* empty for none */
	uint32_t kind;                     /* enum ktftp_kind */
	uint64_t offset;                   /* where in what is held it begins */
	uint64_t size;
	bool has_digest;
	uint8_t digest[KTFTP_DIGEST_BYTES]; /* SHA-256 */
	bool while_attached;
	uint64_t hits;
	uint64_t age_ms;
};

/* What a name is to be. */
struct ktftp_properties {
	const char *name;
	const char *view;      /* NULL for "default" */
	const char *owner;     /* NULL for "cli" */
	const char *source;    /* NULL for the file's own path, or for none where a descriptor is given */
	const uint8_t *digest; /* SHA-256 that the content must have, NULL for any */
	bool while_attached;   /* it goes with the attached daemon */
};

/* A name, or a glob of names, that is known not to exist. */
struct ktftp_absent {
	uint32_t id;
	char glob[KTFTP_NAME_MAX + 1];
	char view[KTFTP_LABEL_MAX + 1];
	char owner[KTFTP_LABEL_MAX + 1];
	bool ends;
	uint64_t left_ms; /* when it ends */
	uint64_t hits;
	uint64_t age_ms;
};

struct ktftp_view {
	char name[KTFTP_LABEL_MAX + 1];
	uint32_t position; /* 1 the uppermost, 0 for one that no client sees */
	uint32_t entries;
	uint32_t absents;
};

struct ktftp_transfer {
	uint64_t sequence; /* in events */
	uint32_t listener;
	struct ktftp_address client;
	uint16_t client_port;
	struct ktftp_address local;
	uint16_t tid;
	char name[KTFTP_NAME_MAX + 1];
	uint32_t state; /* enum ktftp_transfer_state, in dumps */
	uint32_t end;   /* enum ktftp_transfer_end, in end events */
	uint64_t size;
	uint64_t bytes; /* acknowledged */
	uint32_t blksize;
	uint32_t windowsize; /* 0 of a module that does not tell */
	uint32_t repeats;
	uint32_t srtt_us;
	uint64_t age_ms;
};

struct ktftp_miss {
	uint64_t sequence;
	uint32_t listener;
	struct ktftp_address client;
	uint16_t client_port;
	char name[KTFTP_NAME_MAX + 1];
	bool answered; /* with ERROR 1 by the module; else it is the daemon's, if there is one */
};

/* A request that the module does not serve, as it is handed to the daemon. */
struct ktftp_handed {
	uint64_t sequence;
	uint32_t listener;
	uint32_t why; /* enum ktftp_request_why */
	struct ktftp_address client;
	uint16_t client_port;
	struct ktftp_address local;
	uint32_t ifindex;
	const uint8_t *data; /* the datagram; valid during the call */
	size_t bytes;
};

struct ktftp_info {
	char version[32];
	uint32_t features; /* enum ktftp_feature */
	uint64_t store_bytes;
	uint64_t store_limit_bytes;
	uint64_t namespace_bytes;
	uint64_t namespace_limit_bytes;
};

struct ktftp_stats {
	uint64_t value[KTFTP_A_STATS_MAX + 1]; /* by enum ktftp_a_stats */
};

/* How a file is to be held. */
enum ktftp_hold {
	KTFTP_HOLD_AUTO, /* pinned where the caller may and the file system can, else a sealed copy */
	KTFTP_HOLD_PIN,  /* pinned or not at all */
	KTFTP_HOLD_SEAL, /* a copy in a sealed memfd */
	KTFTP_HOLD_COPY, /* a copy in pages of the module's own */
};

/* Called for each item of a dump; anything but 0 ends it and becomes its result. */
typedef int (*ktftp_listener_fn)(const struct ktftp_listener *listener, void *context);
typedef int (*ktftp_entry_fn)(const struct ktftp_entry *entry, void *context);
typedef int (*ktftp_absent_fn)(const struct ktftp_absent *absent, void *context);
typedef int (*ktftp_view_fn)(const struct ktftp_view *view, void *context);
typedef int (*ktftp_transfer_fn)(const struct ktftp_transfer *transfer, void *context);

/* What to do with events; a member may be NULL. @lost is called when the kernel had to drop some. */
struct ktftp_events {
	void (*start)(const struct ktftp_transfer *transfer, void *context);
	void (*end)(const struct ktftp_transfer *transfer, void *context);
	void (*miss)(const struct ktftp_miss *miss, void *context);
	void (*lost)(uint64_t count, void *context);
	void *context;
};

int ktftp_open(struct ktftp **out);
void ktftp_close(struct ktftp *k);
const char *ktftp_error(const struct ktftp *k);
bool ktftp_more_descriptors(void);

int ktftp_info_get(struct ktftp *k, struct ktftp_info *info);
int ktftp_stats_get(struct ktftp *k, struct ktftp_stats *stats);

int ktftp_listener_add(struct ktftp *k, const struct ktftp_listener *listener);
int ktftp_listener_del(struct ktftp *k, const struct ktftp_listener *listener, bool now);
int ktftp_listener_drain(struct ktftp *k, const struct ktftp_listener *listener);
int ktftp_listener_resume(struct ktftp *k, const struct ktftp_listener *listener);
int ktftp_listener_list(struct ktftp *k, ktftp_listener_fn fn, void *context);

int ktftp_canonical(struct ktftp *k, const char *name, char out[KTFTP_NAME_MAX + 1]);
int ktftp_publish_fd(struct ktftp *k, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind,
		     struct ktftp_entry *entry);
int ktftp_publish_file(struct ktftp *k, const struct ktftp_properties *properties, int directory, const char *path,
		       enum ktftp_hold hold, struct ktftp_entry *entry);
int ktftp_withdraw(struct ktftp *k, const char *view, const char *const *names, size_t count, uint32_t *withdrawn);
int ktftp_withdraw_all(struct ktftp *k, const char *view, const char *owner, uint32_t *withdrawn);
int ktftp_entry_list(struct ktftp *k, ktftp_entry_fn fn, void *context);
int ktftp_entry_walk(struct ktftp *k, ktftp_entry_fn fn, void *context);

int ktftp_absent_add(struct ktftp *k, const char *view, const char *owner, uint32_t for_s, const char *const *globs,
		     size_t count);
int ktftp_absent_del(struct ktftp *k, const char *view, const char *const *globs, size_t count, uint32_t *deleted);
int ktftp_absent_del_all(struct ktftp *k, const char *view, const char *owner, uint32_t *deleted);
int ktftp_absent_list(struct ktftp *k, ktftp_absent_fn fn, void *context);

int ktftp_view_set(struct ktftp *k, const char *const *views, size_t count);
int ktftp_view_list(struct ktftp *k, ktftp_view_fn fn, void *context);

int ktftp_budget_set(struct ktftp *k, uint64_t bytes);

/*
 * A set: changes that are made at one moment, all or none. Functions that add to it return 0 or a negative
 * errno; what they refuse is not in the set. Items count from 0 in the order in which they were added.
 */
struct ktftp_set;

struct ktftp_set_result {
	uint32_t published;
	uint32_t withdrawn;
};

typedef void (*ktftp_set_failure_fn)(size_t item, void *context);

struct ktftp_set *ktftp_set_new(struct ktftp *k);
void ktftp_set_free(struct ktftp_set *set);
void ktftp_set_share(struct ktftp_set *set, uint64_t bytes);
size_t ktftp_set_count(const struct ktftp_set *set);
uint64_t ktftp_set_bytes(const struct ktftp_set *set);

int ktftp_set_publish_fd(struct ktftp_set *set, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind,
			 uint64_t offset, uint64_t size);
int ktftp_set_publish_file(struct ktftp_set *set, const struct ktftp_properties *properties, int directory,
			   const char *path, enum ktftp_hold hold);
int ktftp_set_publish_open(struct ktftp_set *set, const struct ktftp_properties *properties, int fd,
			   enum ktftp_hold hold);
int ktftp_set_withdraw(struct ktftp_set *set, const char *view, const char *name);
int ktftp_set_absent_add(struct ktftp_set *set, const char *view, const char *owner, uint32_t for_s, const char *glob);
int ktftp_set_absent_del(struct ktftp_set *set, const char *view, const char *glob);
int ktftp_set_stack(struct ktftp_set *set, const char *const *views, size_t count);

int ktftp_set_commit(struct ktftp_set *set, struct ktftp_set_result *result);
int ktftp_set_commit_each(struct ktftp_set *set, ktftp_set_failure_fn fn, void *context,
			  struct ktftp_set_result *result);
long ktftp_set_blamed(const struct ktftp_set *set);
int ktftp_set_published(const struct ktftp_set *set, ktftp_entry_fn fn, void *context);

int ktftp_transfer_list(struct ktftp *k, ktftp_transfer_fn fn, void *context);

typedef void (*ktftp_handed_fn)(const struct ktftp_handed *request, void *context);

int ktftp_attach(struct ktftp *k);
void ktftp_detach(struct ktftp *k);
int ktftp_requests_fd(const struct ktftp *k);
int ktftp_requests_read(struct ktftp *k, ktftp_handed_fn fn, void *context);
int ktftp_start(struct ktftp *k, const struct ktftp_handed *request, const char *name);

int ktftp_events_open(struct ktftp *k);
int ktftp_events_fd(const struct ktftp *k);
int ktftp_events_read(struct ktftp *k, const struct ktftp_events *events);

#endif
