/* SPDX-License-Identifier: GPL-2.0 */
/* Who talks to whom. */
#ifndef TFTP_KEY_H
#define TFTP_KEY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "ktftp.h"

/**
 * struct tftp_key - a client and what of ours it talks to; without gaps, so that memory may be compared
 * @peer: client's address, an IPv4 one mapped into IPv6
 * @local: ours, likewise
 * @scope: device, when one of them is link-local; else 0
 * @peer_port: client's port
 * @tid: ours
 */
struct tftp_key {
	struct in6_addr peer;
	struct in6_addr local;
	uint32_t scope;
	uint16_t peer_port;
	uint16_t tid;
};

/* Room for an address of either family. */
union tftp_sockaddr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static inline bool tftp_is_ipv4(const struct in6_addr *address)
{
	return IN6_IS_ADDR_V4MAPPED(address);
}

static inline uint32_t tftp_ipv4_of(const struct in6_addr *address)
{
	return address->s6_addr32[3];
}

static inline void tftp_map_ipv4(struct in6_addr *out, uint32_t address)
{
	*out = (struct in6_addr){ .s6_addr32 = { 0, 0, htonl(0xffff), address } };
}

bool tftp_key_same(const struct tftp_key *a, const struct tftp_key *b);
bool tftp_key_same_client(const struct tftp_key *a, const struct tftp_key *b);
bool tftp_key_has_link_local(const struct tftp_key *key);
bool tftp_key_is_client(const struct tftp_key *key);

int tftp_address_in(struct in6_addr *out, const struct ktftp_address *address);
void tftp_address_out(struct ktftp_address *out, const struct in6_addr *address);
socklen_t tftp_sockaddr(union tftp_sockaddr *out, const struct in6_addr *address, uint16_t port, uint32_t scope);

#endif
