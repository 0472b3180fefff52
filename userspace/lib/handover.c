// SPDX-License-Identifier: GPL-2.0
/* The daemon's side of the hand-over: requests that the module does not serve. */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include "connection.h"

/* A burst of requests when the power comes back. */
#define REQUESTS_BYTES (4 << 20)

struct delivery {
	struct ktftp *k;
	ktftp_handed_fn fn;
	void *context;
};

static struct nl_sock *open_socket(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	int one = 1;

	if (!socket)
		return NULL;
	nl_socket_disable_seq_check(socket);
	if (genl_connect(socket)) {
		nl_socket_free(socket);
		return NULL;
	}
	ktftp_set_room(socket, REQUESTS_BYTES);
	setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	/* What does not fit is a client's retry, no error of ours. */
	setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	return socket;
}

/**
 * ktftp_attach() - become the daemon of the network namespace
 * @k: connection
 *
 * Until ktftp_detach() or the end of the process, requests that the module does not serve come to
 * ktftp_requests_read().
 *
 * Return: 0; -EBUSY when another daemon is attached; -EPERM, ...
 */
int ktftp_attach(struct ktftp *k)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_ATTACH, NLM_F_ACK);
	struct nl_sock *socket;
	int err;

	if (!msg)
		return -ENOMEM;
	socket = open_socket();
	if (!socket) {
		nlmsg_free(msg);
		return ktftp_fail(k, -EIO, "cannot open a generic netlink socket");
	}
	err = ktftp_call_on(k, socket, msg, NULL);
	if (err) {
		nl_socket_free(socket);
		return err;
	}
	nl_socket_set_nonblocking(socket);
	ktftp_set_requests_socket(k, socket);
	return 0;
}

/**
 * ktftp_detach() - be the daemon no longer
 * @k: connection
 */
void ktftp_detach(struct ktftp *k)
{
	nl_socket_free(ktftp_requests_socket(k));
	ktftp_set_requests_socket(k, NULL);
}

/**
 * ktftp_requests_fd() - file descriptor to poll for requests
 * @k: connection; ktftp_attach() was called
 */
int ktftp_requests_fd(const struct ktftp *k)
{
	return nl_socket_get_fd(ktftp_requests_socket(k));
}

static int on_request(struct nl_msg *msg, void *context)
{
	struct nlattr *a[KTFTP_A_REQUEST_MAX + 1];
	const struct delivery *delivery = context;
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct ktftp_handed request = {};

	if (header->nlmsg_type != ktftp_family(delivery->k) ||
	    ((struct genlmsghdr *)nlmsg_data(header))->cmd != KTFTP_CMD_REQUEST_NTF ||
	    genlmsg_parse(header, 0, a, KTFTP_A_REQUEST_MAX, NULL) || !a[KTFTP_A_REQUEST_DATA])
		return NL_OK;
	request.sequence = ktftp_get_u64(a[KTFTP_A_REQUEST_SEQUENCE]);
	request.listener = ktftp_get_u32(a[KTFTP_A_REQUEST_LISTENER]);
	request.why = ktftp_get_u32(a[KTFTP_A_REQUEST_WHY]);
	ktftp_get_address(&request.client, a[KTFTP_A_REQUEST_CLIENT]);
	request.client_port = ktftp_get_u16(a[KTFTP_A_REQUEST_CLIENT_PORT]);
	ktftp_get_address(&request.local, a[KTFTP_A_REQUEST_LOCAL]);
	request.ifindex = ktftp_get_u32(a[KTFTP_A_REQUEST_IFINDEX]);
	request.data = nla_data(a[KTFTP_A_REQUEST_DATA]);
	request.bytes = nla_len(a[KTFTP_A_REQUEST_DATA]);
	delivery->fn(&request, delivery->context);
	return NL_OK;
}

/**
 * ktftp_requests_read() - take the requests that have arrived
 * @k: connection; ktftp_attach() was called
 * @fn: called for each
 * @context: for @fn
 *
 * Does not wait. Return: 0, or a negative errno.
 */
int ktftp_requests_read(struct ktftp *k, ktftp_handed_fn fn, void *context)
{
	struct delivery delivery = { .k = k, .fn = fn, .context = context };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_request, &delivery);
	/* Requests answer nothing. */
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, ktftp_in_no_sequence, NULL);
	err = nl_recvmsgs(ktftp_requests_socket(k), cb);
	nl_cb_put(cb);
	if (err == -NLE_AGAIN)
		return 0;
	return err < 0 ? ktftp_fail(k, -EIO, "requests: %s", nl_geterror(err)) : 0;
}

static int put_start(struct nl_msg *msg, const struct ktftp_handed *request, const char *name)
{
	if (nla_put_u32(msg, KTFTP_A_REQUEST_LISTENER, request->listener) ||
	    nla_put(msg, KTFTP_A_REQUEST_CLIENT, request->client.length, request->client.bytes) ||
	    nla_put_u16(msg, KTFTP_A_REQUEST_CLIENT_PORT, request->client_port) ||
	    nla_put(msg, KTFTP_A_REQUEST_LOCAL, request->local.length, request->local.bytes) ||
	    nla_put_u32(msg, KTFTP_A_REQUEST_IFINDEX, request->ifindex) ||
	    nla_put(msg, KTFTP_A_REQUEST_DATA, request->bytes, request->data) ||
	    (name && nla_put_string(msg, KTFTP_A_REQUEST_NAME, name)))
		return -ENOMEM;
	return 0;
}

/**
 * ktftp_start() - let the module serve a request that it handed over
 * @k: connection
 * @request: the request
 * @name: published name to serve, NULL for the one that was asked for
 *
 * Return: 0, also when it is being served already; -ENOENT when the name is not published or the listener is
 * gone; -EADDRNOTAVAIL, -ENOSPC, ...
 */
int ktftp_start(struct ktftp *k, const struct ktftp_handed *request, const char *name)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_START, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	if (put_start(msg, request, name)) {
		nlmsg_free(msg);
		return ktftp_fail(k, -ENAMETOOLONG, "the name is too long");
	}
	return ktftp_call(k, msg, NULL);
}
