// SPDX-License-Identifier: GPL-2.0
/* The netlink connection: requests, answers, and what the kernel says when it refuses. */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"

/* More than any attribute set of the family has. */
#define MOST_ATTRIBUTES  63

/* Room for any request but those with many names. */
#define REQUEST_BYTES    4096

/* Large dumps, and bursts of events, want room. */
#define RECEIVE_BYTES    (1 << 20)

/* What the kernel wants of the send buffer for itself, generously. */
#define SEND_SLACK_BYTES 1024

/* A request under way: what its callbacks share. */
struct exchange {
	struct ktftp *k;
	const struct ktftp_reply *reply;
	int result;
	bool done;
};

/**
 * ktftp_fail() - note what went wrong
 * @k: connection
 * @error: negative errno
 * @format: what to tell a person
 *
 * Return: @error.
 */
int ktftp_fail(struct ktftp *k, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(k->error, sizeof(k->error), format, arguments);
	va_end(arguments);
	return error;
}

/**
 * ktftp_error() - what went wrong in the last call that failed
 * @k: connection
 */
const char *ktftp_error(const struct ktftp *k)
{
	return k->error;
}

struct nl_sock *ktftp_events_socket(const struct ktftp *k)
{
	return k->events;
}

void ktftp_set_events_socket(struct ktftp *k, struct nl_sock *socket)
{
	k->events = socket;
}

struct nl_sock *ktftp_requests_socket(const struct ktftp *k)
{
	return k->requests;
}

void ktftp_set_requests_socket(struct ktftp *k, struct nl_sock *socket)
{
	k->requests = socket;
}

int ktftp_family(const struct ktftp *k)
{
	return k->family;
}

uint64_t *ktftp_events_sequence(struct ktftp *k)
{
	return &k->sequence;
}

static int connect_socket(struct ktftp *k)
{
	int one = 1, err;

	k->socket = nl_socket_alloc();
	if (!k->socket)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	err = genl_connect(k->socket);
	if (err)
		return ktftp_fail(k, -EIO, "cannot open a generic netlink socket: %s", nl_geterror(err));
	nl_socket_set_buffer_size(k->socket, RECEIVE_BYTES, 0);
	setsockopt(nl_socket_get_fd(k->socket), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(k->socket), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	k->family = genl_ctrl_resolve(k->socket, KTFTP_FAMILY_NAME);
	if (k->family < 0)
		return ktftp_fail(k, -ENOENT, "the kernel module ktftp is not loaded (modprobe ktftp)");
	return 0;
}

/**
 * ktftp_open() - connect to the module in this network namespace
 * @out: where the connection goes, on failure as well: ktftp_error() tells why then
 *
 * Return: 0; -ENOENT when the module is not loaded; another negative errno. *@out is NULL for want of memory.
 */
int ktftp_open(struct ktftp **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? connect_socket(*out) : -ENOMEM;
}

/**
 * ktftp_close() - end a connection
 * @k: connection, or NULL
 */
void ktftp_close(struct ktftp *k)
{
	if (!k)
		return;
	nl_socket_free(k->socket);
	nl_socket_free(k->events);
	nl_socket_free(k->requests);
	free(k);
}

/**
 * ktftp_request_sized() - begin a request that may be large
 * @k: connection
 * @command: enum ktftp_cmd
 * @flags: NLM_F_DUMP or NLM_F_ACK
 * @bytes: room for its attributes
 *
 * Return: message to add attributes to, or NULL.
 */
struct nl_msg *ktftp_request_sized(struct ktftp *k, uint8_t command, int flags, size_t bytes)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + bytes);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, k->family, 0, flags, command, KTFTP_FAMILY_VERSION)) {
		nlmsg_free(msg);
		ktftp_fail(k, -ENOMEM, "out of memory");
		return NULL;
	}
	return msg;
}

/**
 * ktftp_request() - begin a request
 * @k: connection
 * @command: enum ktftp_cmd
 * @flags: NLM_F_DUMP or NLM_F_ACK
 *
 * Return: message to add attributes to, or NULL.
 */
struct nl_msg *ktftp_request(struct ktftp *k, uint8_t command, int flags)
{
	return ktftp_request_sized(k, command, flags, REQUEST_BYTES);
}

/* Attributes of an extended acknowledgement: the kernel's text, and the offset of what is to blame. */
static void get_extended(struct nlmsgerr *error, struct nlattr **attributes)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)error - 1;
	size_t skip = sizeof(*error);

	memset(attributes, 0, sizeof(*attributes) * (NLMSGERR_ATTR_MAX + 1));
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - sizeof(error->msg);
	if (header->nlmsg_len < sizeof(*header) + skip)
		return;
	nla_parse(attributes, NLMSGERR_ATTR_MAX, (struct nlattr *)((char *)error + skip),
		  header->nlmsg_len - sizeof(*header) - skip, NULL);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *context)
{
	struct nlattr *attributes[NLMSGERR_ATTR_MAX + 1];
	struct exchange *x = context;

	(void)from;
	x->done = true;
	x->result = error->error;
	get_extended(error, attributes);
	x->k->error_offset = ktftp_get_u32(attributes[NLMSGERR_ATTR_OFFS]);
	if (attributes[NLMSGERR_ATTR_MSG])
		ktftp_fail(x->k, error->error, "%s", nla_get_string(attributes[NLMSGERR_ATTR_MSG]));
	else if (error->error == -EPERM)
		ktftp_fail(x->k, error->error, "not permitted: this needs CAP_NET_ADMIN (are you root?)");
	else
		ktftp_fail(x->k, error->error, "%s", strerror(-error->error));
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *context)
{
	struct exchange *x = context;

	(void)msg;
	x->done = true;
	return NL_STOP;
}

static int on_message(struct nl_msg *msg, void *context)
{
	struct exchange *x = context;
	struct nlattr *attributes[MOST_ATTRIBUTES + 1];

	if (!x->reply || x->result)
		return NL_OK;
	memset(attributes, 0, sizeof(attributes));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attributes, x->reply->max_attribute, NULL))
		x->result = ktftp_fail(x->k, -EBADMSG,
				       "the kernel's answer is not understood: is ktftpctl older than the module?");
	else
		x->result = x->reply->fn(attributes, x->reply->context);
	return NL_OK;
}

static int exchange(struct ktftp *k, struct nl_sock *socket, struct nl_msg *request, struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	k->error_offset = 0;
	if (!cb)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, x);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, x);
	/* A request of a client may come before the answer to who becomes the daemon. */
	if (socket != k->socket)
		nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, ktftp_in_no_sequence, NULL);
	err = nl_send_auto(socket, request);
	while (err >= 0 && !x->done)
		err = nl_recvmsgs(socket, cb);
	nl_cb_put(cb);
	if (err == -NLE_DUMP_INTR)
		return -EAGAIN;
	if (!x->done && err < 0)
		return ktftp_fail(k, -EIO, "netlink: %s", nl_geterror(err));
	return x->result;
}

/**
 * ktftp_call_on() - the same as ktftp_call(), on a socket of its own
 * @k: connection
 * @socket: socket
 * @request: message; freed
 * @reply: who takes the answer, or NULL
 */
int ktftp_call_on(struct ktftp *k, struct nl_sock *socket, struct nl_msg *request, const struct ktftp_reply *reply)
{
	struct exchange x = { .k = k, .reply = reply };
	int err = exchange(k, socket, request, &x);

	nlmsg_free(request);
	return err;
}

/**
 * ktftp_call() - send a request and take its answer
 * @k: connection
 * @request: message; freed
 * @reply: who takes the answer, or NULL
 *
 * Return: 0, or a negative errno; ktftp_error() has the kernel's text.
 */
int ktftp_call(struct ktftp *k, struct nl_msg *request, const struct ktftp_reply *reply)
{
	return ktftp_call_on(k, k->socket, request, reply);
}

/**
 * ktftp_blamed() - which attribute of a request the kernel refused
 * @k: connection
 * @request: the request that failed, which the caller still has
 *
 * Return: the outermost attribute, or NULL when the kernel blamed none.
 */
struct nlattr *ktftp_blamed(const struct ktftp *k, struct nl_msg *request)
{
	struct nlmsghdr *header = nlmsg_hdr(request);
	struct nlattr *attribute;
	int left;

	nlmsg_for_each_attr(attribute, header, GENL_HDRLEN, left)
	{
		size_t start = (char *)attribute - (char *)header;

		if (k->error_offset >= start && k->error_offset < start + nla_total_size(nla_len(attribute)))
			return attribute;
	}
	return NULL;
}

/**
 * ktftp_blame() - put a name before what went wrong
 * @k: connection
 * @error: negative errno
 * @name: name
 *
 * Return: @error.
 */
int ktftp_blame(struct ktftp *k, int error, const char *name)
{
	char text[sizeof(k->error)];

	memcpy(text, k->error, sizeof(text));
	return ktftp_fail(k, error, "%s: %s", name, text);
}

/**
 * ktftp_call_blaming() - as ktftp_call(), for a request with many names
 * @k: connection
 * @request: message; freed
 * @reply: who takes the answer
 * @attribute: type of the attributes that are the names; a refusal says which one is meant
 */
int ktftp_call_blaming(struct ktftp *k, struct nl_msg *request, const struct ktftp_reply *reply, int attribute)
{
	struct nlattr *blamed;
	int err;

	nlmsg_get(request);
	err = ktftp_call(k, request, reply);
	blamed = err ? ktftp_blamed(k, request) : NULL;
	if (blamed && nla_type(blamed) == attribute)
		ktftp_blame(k, err, nla_get_string(blamed));
	nlmsg_free(request);
	return err;
}

/**
 * ktftp_prepare_to_send() - make the socket take a message of that size
 * @k: connection
 * @bytes: size
 *
 * A message has to fit into the send buffer as a whole, which only the host's administrator may make larger
 * than net.core.wmem_max.
 *
 * Return: 0 or -EMSGSIZE.
 */
int ktftp_prepare_to_send(struct ktftp *k, size_t bytes)
{
	int fd = nl_socket_get_fd(k->socket), half = bytes / 2 + SEND_SLACK_BYTES, room = 0;
	socklen_t length = sizeof(room);

	if (bytes > INT_MAX / 2)
		return ktftp_fail(k, -EMSGSIZE, "too much for one change: make several");
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
	if (room >= 2 * half)
		return 0;
	/* The kernel doubles what it is told. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof(half)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
	if (room >= 2 * half)
		return 0;
	return ktftp_fail(k, -EMSGSIZE,
			  "this change takes a message of %zu bytes, and no more than %d may be sent: change less at "
			  "once, or let the host's administrator raise net.core.wmem_max",
			  bytes, room);
}

/**
 * ktftp_dump() - take a list
 * @k: connection
 * @command: enum ktftp_cmd
 * @reply: who takes each item
 *
 * Return: 0; -EAGAIN when what was listed changed meanwhile: what was told so far is to be forgotten; another
 * negative errno.
 */
int ktftp_dump(struct ktftp *k, uint8_t command, const struct ktftp_reply *reply)
{
	struct nl_msg *request = ktftp_request(k, command, NLM_F_DUMP);

	return request ? ktftp_call(k, request, reply) : -ENOMEM;
}

/* Room for what comes by itself, beyond the system's usual limit where we may. */
void ktftp_set_room(struct nl_sock *socket, int bytes)
{
	if (setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		nl_socket_set_buffer_size(socket, bytes, 0);
}

/* For NL_CB_SEQ_CHECK: what comes by itself answers no request. */
int ktftp_in_no_sequence(struct nl_msg *msg, void *context)
{
	(void)msg;
	(void)context;
	return NL_OK;
}

void ktftp_get_string(char *out, size_t room, const struct nlattr *attribute)
{
	*out = 0;
	if (attribute)
		nla_strlcpy(out, attribute, room);
}

void ktftp_get_address(struct ktftp_address *out, const struct nlattr *attribute)
{
	memset(out, 0, sizeof(*out));
	if (!attribute || (nla_len(attribute) != 4 && nla_len(attribute) != 16))
		return;
	out->length = nla_len(attribute);
	memcpy(out->bytes, nla_data(attribute), out->length);
}

uint64_t ktftp_get_u64(const struct nlattr *attribute)
{
	return attribute ? nla_get_u64(attribute) : 0;
}

uint32_t ktftp_get_u32(const struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
}

uint16_t ktftp_get_u16(const struct nlattr *attribute)
{
	return attribute ? nla_get_u16(attribute) : 0;
}

uint8_t ktftp_get_u8(const struct nlattr *attribute)
{
	return attribute ? nla_get_u8(attribute) : 0;
}
