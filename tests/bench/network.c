// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network.h"
#include "random.h"

static const struct habits *habits_of(const struct client *client)
{
	return client->family->habits;
}

static unsigned int largest_block(const struct packet_options *ask)
{
	return ask->blksize > PACKET_BLKSIZE ? ask->blksize : PACKET_BLKSIZE;
}

int network_init(struct client *client)
{
	const struct habits *habits = habits_of(client);

	client->fd = -1;
	client->in.until_ns = TIMER_NEVER;
	client->out.until_ns = TIMER_NEVER;
	client->out.packet = client->out_room;
	client->out.room = sizeof(client->out_room);
	if (habits->reorder_percent <= 0 && habits->duplicate_percent <= 0)
		return 0;
	client->in.room = PACKET_HEADER_BYTES + largest_block(&client->family->ask);
	client->in.packet = malloc(client->in.room);
	return client->in.packet ? 0 : -ENOMEM;
}

void network_fini(struct client *client)
{
	network_close(client);
	free(client->in.packet);
}

void network_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->in.until_ns = TIMER_NEVER;
	client->out.until_ns = TIMER_NEVER;
}

in_port_t *network_port(union address *address)
{
	return address->any.sa_family == AF_INET ? &address->in.sin_port : &address->in6.sin6_port;
}

bool network_same_host(const union address *a, const union address *b)
{
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

/* Adds to the address as to a number of 32 bits, its last ones. */
static void add_to_address(uint8_t *end, uint32_t add)
{
	uint32_t low;

	memcpy(&low, end - sizeof(low), sizeof(low));
	low = htonl(ntohl(low) + add);
	memcpy(end - sizeof(low), &low, sizeof(low));
}

bool network_source(const struct client *client, union address *local)
{
	const struct habits *habits = habits_of(client);
	bool four = client->scene->server.any.sa_family == AF_INET;
	void *bytes = four ? (void *)&local->in.sin_addr : (void *)&local->in6.sin6_addr;

	*local = (union address){ .any.sa_family = client->scene->server.any.sa_family };
	if (habits->source_address) {
		if (inet_pton(local->any.sa_family, habits->source_address, bytes) != 1)
			return false;
		add_to_address((uint8_t *)bytes + (four ? sizeof(struct in_addr) : sizeof(struct in6_addr)),
			       client->index);
	}
	if (habits->source_port)
		*network_port(local) = htons(habits->source_port + client->index);
	return true;
}

static int bind_source(const struct client *client)
{
	union address local;

	if (!habits_of(client)->source_port && !habits_of(client)->source_address)
		return 0;
	network_source(client, &local);
	return bind(client->fd, &local.any, client->scene->server_bytes);
}

/* Room for a whole window, as far as the system allows. */
static void make_room(const struct packet_options *ask, int fd)
{
	unsigned int windowsize = ask->windowsize ? ask->windowsize : PACKET_WINDOWSIZE;
	/* A small packet takes a page of the system's account all the same. */
	uint64_t bytes = 2ull * windowsize * (largest_block(ask) + 2048);
	int room = bytes < (64 << 20) ? bytes : 64 << 20;

	if (windowsize > 1 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

/* When buffers are few it matters when a packet came, not when it is read. */
static int ask_for_times(const struct client *client)
{
	int yes = 1;

	if (!client->buffers.count)
		return 0;
	return setsockopt(client->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
}

static int set_interest(struct client *client, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = client };

	return epoll_ctl(client->scene->poll_fd, operation, client->fd, &event);
}

void network_listen(struct client *client, bool listen)
{
	set_interest(client, EPOLL_CTL_MOD, listen ? EPOLLIN : 0);
}

/* The socket stays unconnected: a server may answer from any port, and strays are to be seen. */
int network_open(struct client *client)
{
	int err;

	client->fd = socket(client->scene->server.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -errno;
	make_room(&client->family->ask, client->fd);
	if (bind_source(client) || ask_for_times(client) || set_interest(client, EPOLL_CTL_ADD, EPOLLIN)) {
		err = -errno;
		network_close(client);
		return err;
	}
	return 0;
}

static void transmit(struct client *client, const union address *to, const uint8_t *packet, size_t bytes)
{
	struct results *results = &client->family->results;

	if (sendto(client->fd, packet, bytes, 0, &to->any, client->scene->server_bytes) < 0) {
		results->send_errors++;
		results->send_error = errno;
	}
}

static bool hold(struct held *held, const union address *other, const uint8_t *packet, size_t bytes, uint64_t until_ns)
{
	if (held->until_ns != TIMER_NEVER || bytes > held->room)
		return false;
	memcpy(held->packet, packet, bytes);
	held->bytes = bytes;
	held->other = *other;
	held->until_ns = until_ns;
	return true;
}

static uint64_t reorder_ns(const struct client *client)
{
	return habits_of(client)->reorder_ms * 1000000;
}

void network_send(struct client *client, const union address *to, const uint8_t *packet, size_t bytes, uint64_t now_ns)
{
	const struct habits *habits = habits_of(client);
	struct results *results = &client->family->results;
	uint64_t *random = &client->scene->random;

	if (random_happens(random, habits->loss_tx_percent)) {
		results->lost_tx++;
		return;
	}
	if (random_happens(random, habits->reorder_tx_percent) &&
	    hold(&client->out, to, packet, bytes, now_ns + reorder_ns(client))) {
		results->reordered_tx++;
		return;
	}
	transmit(client, to, packet, bytes);
	if (random_happens(random, habits->duplicate_tx_percent)) {
		results->duplicated_tx++;
		transmit(client, to, packet, bytes);
	}
}

/* Sends what has been held back long enough. */
void network_release(struct client *client, uint64_t now_ns)
{
	struct held *held = &client->out;

	if (held->until_ns > now_ns)
		return;
	held->until_ns = TIMER_NEVER;
	transmit(client, &held->other, held->packet, held->bytes);
}

/* Receives what has been held back long enough. */
bool network_take_held(struct client *client, struct arrival *arrival, uint64_t now_ns)
{
	struct held *held = &client->in;

	if (held->until_ns > now_ns)
		return false;
	*arrival = (struct arrival){
		.from = held->other,
		.packet = held->packet,
		.bytes = held->bytes,
		.came_ns = held->until_ns,
	};
	held->until_ns = TIMER_NEVER;
	return true;
}

/* The kernel tells it in the time of day. */
static uint64_t arrival_time(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	uint64_t now_ns = clock_ns(), day_ns = read_clock(CLOCK_REALTIME), came_ns;
	struct timespec came;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS)
		return now_ns;
	memcpy(&came, CMSG_DATA(control), sizeof(came));
	came_ns = came.tv_sec * 1000000000ull + came.tv_nsec;
	return day_ns > came_ns && day_ns - came_ns < now_ns ? now_ns - (day_ns - came_ns) : now_ns;
}

static ssize_t receive_with_time(struct client *client, struct arrival *arrival)
{
	struct iovec part = { .iov_base = client->scene->packet, .iov_len = sizeof(client->scene->packet) };
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct msghdr message = {
		.msg_name = &arrival->from,
		.msg_namelen = sizeof(arrival->from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t bytes = recvmsg(client->fd, &message, 0);

	if (bytes >= 0)
		arrival->came_ns = arrival_time(&message);
	return bytes;
}

static ssize_t receive(struct client *client, struct arrival *arrival)
{
	struct scene *scene = client->scene;
	socklen_t from_bytes = sizeof(arrival->from);
	ssize_t bytes;

	if (client->buffers.count)
		return receive_with_time(client, arrival);
	bytes = recvfrom(client->fd, scene->packet, sizeof(scene->packet), 0, &arrival->from.any, &from_bytes);
	arrival->came_ns = clock_ns();
	return bytes;
}

static bool hold_arrival(struct client *client, const struct arrival *arrival, uint64_t delay_ns)
{
	return hold(&client->in, &arrival->from, arrival->packet, arrival->bytes, arrival->came_ns + delay_ns);
}

/* Reads one packet from the socket. */
enum network_result network_receive(struct client *client, struct arrival *arrival)
{
	const struct habits *habits = habits_of(client);
	struct results *results = &client->family->results;
	uint64_t *random = &client->scene->random;
	ssize_t bytes = receive(client, arrival);

	if (bytes < 0)
		return NETWORK_EMPTY;
	arrival->packet = client->scene->packet;
	arrival->bytes = bytes;
	if (random_happens(random, habits->loss_percent)) {
		results->lost_rx++;
		return NETWORK_GONE;
	}
	if (random_happens(random, habits->reorder_percent) && hold_arrival(client, arrival, reorder_ns(client))) {
		results->reordered_rx++;
		return NETWORK_GONE;
	}
	if (random_happens(random, habits->duplicate_percent) && hold_arrival(client, arrival, 0))
		results->duplicated_rx++;
	return NETWORK_ARRIVED;
}
