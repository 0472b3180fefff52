/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listeners and their sockets: a listening port, and a pool of ports that many transfers share. What the module hands
 * over is answered from pools without a listening port.
 */
#ifndef TFTP_PORT_H
#define TFTP_PORT_H

#include "index.h"
#include "internal.h"
#include "key.h"

/**
 * struct tftp_port - one UDP socket
 * @listener: whose it is
 * @fd: socket, -1 when it is closed
 * @number: bound port
 * @listening: takes requests; in single-port mode it takes all else as well
 * @event: of @fd
 */
struct tftp_port {
	struct tftp_listener *listener;
	int fd;
	uint16_t number;
	bool listening;
	struct event *event;
};

/**
 * struct tftp_listener - a listening port and what came to it, or a pool alone
 * @link: among its like
 * @engine: engine
 * @is: what it was asked to be; id and state
 * @address: local address
 * @ipv4: family
 * @wildcard: bound to no address: each datagram says which it was sent to, each answer which it comes from
 * @by_tid: its transfers, by whom they talk to
 * @by_client: the latest transfer of each client port
 * @active: transfers that have not ended
 * @closed: it takes no packets any more
 * @close_at_us: when its transfers are cut, while it is closing
 * @close_timer: looks whether they have ended
 * @pool: ports for transfers; in single-port mode the listening port
 * @pool_count: how many
 * @port_count: ports in @ports
 * @ports: the listening port, where there is one, then those for transfers
 */
struct tftp_listener {
	TAILQ_ENTRY(tftp_listener) link;
	struct engine *engine;
	struct ktftp_listener is;
	struct in6_addr address;
	bool ipv4;
	bool wildcard;
	struct tftp_index by_tid;
	struct tftp_index by_client;
	size_t active;
	bool closed;
	uint64_t close_at_us;
	struct event *close_timer;
	struct tftp_port *pool;
	unsigned int pool_count;
	unsigned int port_count;
	struct tftp_port ports[TFTP_POOL + 1];
};

static inline bool tftp_is_single_port(const struct tftp_listener *listener)
{
	return listener->is.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
}

/* socket.c */
int tftp_socket_open(const struct tftp_listener *listener, uint16_t number, bool wants_requests);
int tftp_socket_path_mtu(const struct tftp_listener *listener, const struct tftp_key *key, uint32_t ifindex);

/* ports.c */
int tftp_ports_open(struct tftp_listener *listener, bool with_listening);
void tftp_port_close(struct tftp_port *port);
void tftp_ports_close(struct tftp_listener *listener);
struct tftp_port *tftp_any_port(const struct tftp_listener *listener);

/* listener.c */
struct tftp_listener *tftp_listener_find(const struct engine *e, uint32_t id);
struct tftp_listener *tftp_pool_for(struct engine *e, const struct ktftp_listener *of,
				    const struct ktftp_handed *request);
void tftp_listeners_free(struct tftp_listeners *listeners);
void tftp_listeners_cut(struct tftp_listeners *listeners);

/* receive.c */
struct tftp_inbox *tftp_inbox_new(void);
void tftp_receive(struct tftp_port *port);

/* unreachable.c */
void tftp_take_errors(struct tftp_port *port);

#endif
