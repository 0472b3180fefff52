// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wire.h"

#define SOCKET_BUFFER (64 << 20) /* bytes */
#define HEADERS       (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct udphdr))

static int get_own_mac(struct wire *wire, const char *device)
{
	struct ifreq request = {};

	strncpy(request.ifr_name, device, sizeof(request.ifr_name) - 1);
	if (ioctl(wire->fd, SIOCGIFHWADDR, &request))
		return -errno;
	memcpy(wire->own_mac, request.ifr_hwaddr.sa_data, sizeof(wire->own_mac));
	return 0;
}

static int bind_to(struct wire *wire, const char *device)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex(device),
	};
	const int buffer = SOCKET_BUFFER, yes = 1;

	if (!address.sll_ifindex)
		return -ENODEV;
	if (setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(wire->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) ||
	    bind(wire->fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

static void prepare_messages(struct mmsghdr *messages, struct iovec *parts, uint8_t frames[][WIRE_FRAME])
{
	unsigned int i;

	for (i = 0; i < WIRE_BATCH; i++) {
		parts[i] = (struct iovec){ frames[i], WIRE_FRAME };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
}

/* Returns 0 or a negative errno. */
int wire_open(struct wire *wire, const char *device, const uint8_t server_mac[6])
{
	int err;

	memset(wire, 0, sizeof(*wire));
	memcpy(wire->server_mac, server_mac, sizeof(wire->server_mac));
	prepare_messages(wire->out_messages, wire->out_parts, wire->out);
	prepare_messages(wire->in_messages, wire->in_parts, wire->in);
	wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return -errno;
	err = get_own_mac(wire, device);
	if (!err)
		err = bind_to(wire, device);
	if (err)
		wire_close(wire);
	return err;
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
}

/* RFC 1071, of a header of 20 bytes. */
static uint16_t header_checksum(const struct iphdr *ip)
{
	const uint16_t *words = (const uint16_t *)ip;
	uint32_t sum = 0;
	int i;

	for (i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void write_headers(const struct wire *wire, uint8_t *frame, const struct wire_datagram *datagram)
{
	struct ether_header ethernet = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(struct iphdr) + sizeof(struct udphdr) + datagram->bytes),
		.saddr = htonl(datagram->from),
		.daddr = htonl(datagram->to),
	};
	/* Without a checksum, as RFC 768 allows. */
	const struct udphdr udp = {
		.source = htons(datagram->from_port),
		.dest = htons(datagram->to_port),
		.len = htons(sizeof(struct udphdr) + datagram->bytes),
	};

	memcpy(ethernet.ether_dhost, wire->server_mac, sizeof(ethernet.ether_dhost));
	memcpy(ethernet.ether_shost, wire->own_mac, sizeof(ethernet.ether_shost));
	ip.check = header_checksum(&ip);
	memcpy(frame, &ethernet, sizeof(ethernet));
	memcpy(frame + sizeof(ethernet), &ip, sizeof(ip));
	memcpy(frame + sizeof(ethernet) + sizeof(ip), &udp, sizeof(udp));
}

/* At most WIRE_FRAME with its headers. */
void wire_send(struct wire *wire, const struct wire_datagram *datagram)
{
	uint8_t *frame;

	if (wire->waiting == WIRE_BATCH)
		wire_flush(wire);
	frame = wire->out[wire->waiting];
	write_headers(wire, frame, datagram);
	memcpy(frame + HEADERS, datagram->data, datagram->bytes);
	wire->out_parts[wire->waiting].iov_len = HEADERS + datagram->bytes;
	wire->waiting++;
}

/* What this host does not take is lost, as it can be anywhere on the way. */
void wire_flush(struct wire *wire)
{
	unsigned int done = 0;
	int n;

	while (done < wire->waiting) {
		n = sendmmsg(wire->fd, wire->out_messages + done, wire->waiting - done, 0);
		if (n <= 0) {
			wire->dropped++;
			n = 1;
		}
		done += n;
	}
	wire->waiting = 0;
}

static int parse(const uint8_t *frame, size_t bytes, struct wire_datagram *datagram)
{
	struct iphdr ip;
	struct udphdr udp;

	if (bytes < HEADERS)
		return -EBADMSG;
	memcpy(&ip, frame + sizeof(struct ether_header), sizeof(ip));
	memcpy(&udp, frame + sizeof(struct ether_header) + sizeof(ip), sizeof(udp));
	if (ip.version != 4 || ip.ihl != 5 || ip.protocol != IPPROTO_UDP || ip.frag_off & htons(IP_MF | IP_OFFMASK) ||
	    ntohs(udp.len) < sizeof(udp) || ntohs(udp.len) > bytes - HEADERS + sizeof(udp))
		return -EBADMSG;
	*datagram = (struct wire_datagram){
		.from = ntohl(ip.saddr),
		.to = ntohl(ip.daddr),
		.from_port = ntohs(udp.source),
		.to_port = ntohs(udp.dest),
		.data = frame + HEADERS,
		.bytes = ntohs(udp.len) - sizeof(udp),
	};
	return 0;
}

/* Waits for packets and gives each datagram to @take. Returns how many packets came; a negative errno. */
int wire_receive(struct wire *wire, int wait_ms, void (*take)(void *context, const struct wire_datagram *datagram),
		 void *context)
{
	struct pollfd fd = { .fd = wire->fd, .events = POLLIN };
	struct wire_datagram datagram;
	int count, i;

	count = recvmmsg(wire->fd, wire->in_messages, WIRE_BATCH, MSG_DONTWAIT, NULL);
	if (count < 0 && errno == EAGAIN) {
		poll(&fd, 1, wait_ms);
		return 0;
	}
	for (i = 0; i < count; i++)
		if (!parse(wire->in[i], wire->in_messages[i].msg_len, &datagram))
			take(context, &datagram);
	return count < 0 ? -errno : count;
}
