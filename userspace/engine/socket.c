// SPDX-License-Identifier: GPL-2.0
/* UDP sockets: opened and bound as a listener wants them; and what the way to a client carries. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port.h"

/* A burst of requests when the power comes back; acknowledgements of many transfers. */
#define LISTENING_BYTES (8 << 20)
#define TRANSFERS_BYTES (2 << 20)

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

/* Beyond the host's limit only for who has CAP_NET_ADMIN. */
static void set_room(int fd, int bytes)
{
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes))
		set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
	if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, TRANSFERS_BYTES))
		set(fd, SOL_SOCKET, SO_SNDBUF, TRANSFERS_BYTES);
}

/* The length of a block cannot change once it was agreed on, so the network may fragment: no DF. */
static int set_family_options(int fd, const struct tftp_listener *listener)
{
	int err, tos = listener->is.dscp << 2;

	if (listener->ipv4) {
		err = set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
		if (!err)
			err = set(fd, IPPROTO_IP, IP_RECVERR, 1);
		if (!err && listener->wildcard)
			err = set(fd, IPPROTO_IP, IP_PKTINFO, 1);
		return err || !tos ? err : set(fd, IPPROTO_IP, IP_TOS, tos);
	}
	err = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (!err && listener->wildcard)
		err = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return err || !tos ? err : set(fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
}

/* What decides about the way of packets. */
static int set_way(int fd, const struct tftp_listener *listener)
{
	const char *device = listener->is.device;

	if (*device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)))
		return -errno;
	return listener->is.mark ? set(fd, SOL_SOCKET, SO_MARK, listener->is.mark) : 0;
}

static int new_socket(const struct tftp_listener *listener)
{
	int fd = socket(listener->ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	int err;

	if (fd < 0)
		return -errno;
	err = set_way(fd, listener);
	if (!err)
		err = set_family_options(fd, listener);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static uint32_t scope_of(const struct tftp_listener *listener)
{
	return IN6_IS_ADDR_LINKLOCAL(&listener->address) ? if_nametoindex(listener->is.device) : 0;
}

/**
 * tftp_socket_open() - open a socket of a listener
 * @listener: listener
 * @number: port to bind it to
 * @wants_requests: it is the listening one
 *
 * Nobody else may bind the same: there is no SO_REUSEADDR.
 *
 * Return: the socket; -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENODEV, -EPERM, ...
 */
int tftp_socket_open(const struct tftp_listener *listener, uint16_t number, bool wants_requests)
{
	union tftp_sockaddr address;
	int fd = new_socket(listener), err;
	socklen_t bytes;

	if (fd < 0)
		return fd;
	set_room(fd, wants_requests ? LISTENING_BYTES : TRANSFERS_BYTES);
	bytes = tftp_sockaddr(&address, &listener->address, number, scope_of(listener));
	if (!bind(fd, &address.any, bytes))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Of a connected socket; 0 when there is none. */
static int mtu_of(int fd, bool ipv4)
{
	socklen_t bytes = sizeof(int);
	int mtu = 0;

	if (getsockopt(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_MTU : IPV6_MTU, &mtu, &bytes))
		return 0;
	return mtu;
}

static int probe(int fd, const struct tftp_listener *listener, const struct tftp_key *key, uint32_t ifindex)
{
	union tftp_sockaddr local, peer;
	socklen_t local_bytes = tftp_sockaddr(&local, &key->local, 0, key->scope);
	socklen_t peer_bytes = tftp_sockaddr(&peer, &key->peer, key->peer_port, key->scope);

	/* As the answers will leave. Without CAP_NET_RAW only a socket without a device may be bound to one. */
	if (ifindex && !listener->is.device[0])
		set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex);
	if (bind(fd, &local.any, local_bytes))
		return -errno;
	return connect(fd, &peer.any, peer_bytes) ? 0 : mtu_of(fd, listener->ipv4);
}

/**
 * tftp_socket_path_mtu() - what the way to a client carries in one piece
 * @listener: whose device and mark count
 * @key: who talks to whom
 * @ifindex: device or VRF that answers leave by, 0 for what the routes say
 *
 * Return: bytes with IP's header, as far as it is known now; 0 when there is no way; -EADDRNOTAVAIL when the local
 * address is not ours; -ENOBUFS when it cannot be asked, e.g. for want of descriptors.
 */
int tftp_socket_path_mtu(const struct tftp_listener *listener, const struct tftp_key *key, uint32_t ifindex)
{
	int fd = new_socket(listener), mtu;

	if (fd < 0)
		return -ENOBUFS;
	mtu = probe(fd, listener, key, ifindex);
	close(fd);
	return mtu < 0 && mtu != -EADDRNOTAVAIL ? 0 : mtu;
}
