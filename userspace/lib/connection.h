/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: the netlink connection, requests and their answers. */
#ifndef KTFTP_CONNECTION_H
#define KTFTP_CONNECTION_H

#include <netlink/msg.h>

#include "ktftp.h"

/**
 * struct ktftp - a connection to the module
 * @socket: for requests and their answers
 * @events: for events, or NULL
 * @requests: of the attached daemon, or NULL
 * @sequence: of the last event
 * @family: number of the family
 * @knows_features: were they asked for
 * @features: enum ktftp_feature of the loaded module
 * @error_offset: where in the last request the kernel saw what is to blame for its refusal, or 0
 * @error: what to tell a person of the last failure
 */
struct ktftp {
	struct nl_sock *socket;
	struct nl_sock *events;
	struct nl_sock *requests;
	uint64_t sequence;
	int family;
	bool knows_features;
	uint32_t features;
	uint32_t error_offset;
	char error[512];
};

/* Attributes of a set, by number. */
typedef int (*ktftp_message_fn)(struct nlattr *const *attributes, void *context);

/* What answers a request: its attribute set, and who takes each message. */
struct ktftp_reply {
	int max_attribute;
	ktftp_message_fn fn;
	void *context;
};

int ktftp_fail(struct ktftp *k, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct nl_msg *ktftp_request(struct ktftp *k, uint8_t command, int flags);
struct nl_msg *ktftp_request_sized(struct ktftp *k, uint8_t command, int flags, size_t bytes);
int ktftp_call(struct ktftp *k, struct nl_msg *request, const struct ktftp_reply *reply);
int ktftp_call_blaming(struct ktftp *k, struct nl_msg *request, const struct ktftp_reply *reply, int attribute);
int ktftp_dump(struct ktftp *k, uint8_t command, const struct ktftp_reply *reply);
struct nlattr *ktftp_blamed(const struct ktftp *k, struct nl_msg *request);
int ktftp_blame(struct ktftp *k, int error, const char *name);
int ktftp_prepare_to_send(struct ktftp *k, size_t bytes);
bool ktftp_has_sets(struct ktftp *k);
int ktftp_need_sets(struct ktftp *k);

void ktftp_set_room(struct nl_sock *socket, int bytes);
int ktftp_in_no_sequence(struct nl_msg *msg, void *context);

void ktftp_get_string(char *out, size_t room, const struct nlattr *attribute);
void ktftp_get_address(struct ktftp_address *out, const struct nlattr *attribute);
uint64_t ktftp_get_u64(const struct nlattr *attribute);
uint32_t ktftp_get_u32(const struct nlattr *attribute);
uint16_t ktftp_get_u16(const struct nlattr *attribute);
uint8_t ktftp_get_u8(const struct nlattr *attribute);
void ktftp_get_transfer(struct ktftp_transfer *out, struct nlattr *const *attributes);

struct nl_sock *ktftp_requests_socket(const struct ktftp *k);
void ktftp_set_requests_socket(struct ktftp *k, struct nl_sock *socket);
int ktftp_call_on(struct ktftp *k, struct nl_sock *socket, struct nl_msg *request, const struct ktftp_reply *reply);
struct nl_sock *ktftp_events_socket(const struct ktftp *k);
void ktftp_set_events_socket(struct ktftp *k, struct nl_sock *socket);
int ktftp_family(const struct ktftp *k);
uint64_t *ktftp_events_sequence(struct ktftp *k);

#endif
