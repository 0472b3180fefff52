// SPDX-License-Identifier: GPL-2.0
/* Addresses: compared, judged, and written as others have them. */
#include <errno.h>
#include <string.h>

#include "key.h"
#include "proto.h"

bool tftp_key_same(const struct tftp_key *a, const struct tftp_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Do two keys differ in our TID at most? */
bool tftp_key_same_client(const struct tftp_key *a, const struct tftp_key *b)
{
	return a->peer_port == b->peer_port && a->scope == b->scope && !memcmp(&a->peer, &b->peer, sizeof(a->peer)) &&
	       !memcmp(&a->local, &b->local, sizeof(a->local));
}

bool tftp_key_has_link_local(const struct tftp_key *key)
{
	return IN6_IS_ADDR_LINKLOCAL(&key->peer) || IN6_IS_ADDR_LINKLOCAL(&key->local);
}

static bool is_nobody_in_ipv4(uint32_t address)
{
	uint32_t host = ntohl(address);

	return IN_MULTICAST(host) || host == INADDR_BROADCAST || host >> 24 == 0;
}

/**
 * tftp_key_is_client() - may this address and port be those of a client
 * @key: whose peer is looked at
 */
bool tftp_key_is_client(const struct tftp_key *key)
{
	if (ktftp_proto_would_loop(key->peer_port))
		return false;
	if (tftp_is_ipv4(&key->peer))
		return !is_nobody_in_ipv4(tftp_ipv4_of(&key->peer));
	return !IN6_IS_ADDR_UNSPECIFIED(&key->peer) && !IN6_IS_ADDR_MULTICAST(&key->peer);
}

/* Return: 0 or -EINVAL. */
int tftp_address_in(struct in6_addr *out, const struct ktftp_address *address)
{
	uint32_t ipv4;

	if (address->length == sizeof(*out)) {
		memcpy(out, address->bytes, sizeof(*out));
		return tftp_is_ipv4(out) ? -EINVAL : 0;
	}
	if (address->length != sizeof(ipv4))
		return -EINVAL;
	memcpy(&ipv4, address->bytes, sizeof(ipv4));
	tftp_map_ipv4(out, ipv4);
	return 0;
}

void tftp_address_out(struct ktftp_address *out, const struct in6_addr *address)
{
	uint32_t ipv4 = tftp_ipv4_of(address);

	*out = (struct ktftp_address){ .length = tftp_is_ipv4(address) ? sizeof(ipv4) : sizeof(*address) };
	if (tftp_is_ipv4(address))
		memcpy(out->bytes, &ipv4, sizeof(ipv4));
	else
		memcpy(out->bytes, address, sizeof(*address));
}

/* Return: its length. */
socklen_t tftp_sockaddr(union tftp_sockaddr *out, const struct in6_addr *address, uint16_t port, uint32_t scope)
{
	if (tftp_is_ipv4(address)) {
		out->in = (struct sockaddr_in){ .sin_family = AF_INET,
						.sin_port = htons(port),
						.sin_addr.s_addr = tftp_ipv4_of(address) };
		return sizeof(out->in);
	}
	out->in6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *address, .sin6_scope_id = scope
	};
	return sizeof(out->in6);
}
