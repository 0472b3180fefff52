// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

/* Packets taken from one socket before others have their turn. */
#define READ_BATCH 32

void client_init(struct client *client, struct scene *scene, unsigned int index)
{
	memset(client, 0, sizeof(*client));
	client->scene = scene;
	client->index = index;
	client->fd = -1;
	client->wake_ns = TIMER_NEVER;
}

static void hang_up(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

void client_fini(struct client *client)
{
	hang_up(client);
}

/* splitmix64: a run with the same seed drops the same packets, as far as they come in the same order. */
static double random_percent(struct scene *scene)
{
	uint64_t mix = scene->random += 0x9e3779b97f4a7c15ull;

	mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9ull;
	mix = (mix ^ (mix >> 27)) * 0x94d049bb133111ebull;
	mix ^= mix >> 31;
	return (mix >> 11) * (100.0 / (1ull << 53));
}

static bool is_lost(struct scene *scene, double percent)
{
	return percent > 0 && random_percent(scene) < percent;
}

static in_port_t *port_of(union address *address)
{
	return address->any.sa_family == AF_INET ? &address->in.sin_port : &address->in6.sin6_port;
}

static bool same_host(const union address *a, const union address *b)
{
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

static int bind_source(const struct client *client, int fd)
{
	const struct scene *scene = client->scene;
	union address local = { .any.sa_family = scene->server.any.sa_family };

	if (!scene->options->source_port)
		return 0;
	*port_of(&local) = htons(scene->options->source_port + client->index);
	return bind(fd, &local.any, scene->server_bytes);
}

/* Room for a whole window, as far as the system allows. */
static void make_room(const struct packet_options *ask, int fd)
{
	unsigned int blksize = ask->blksize ? ask->blksize : PACKET_BLKSIZE;
	unsigned int windowsize = ask->windowsize ? ask->windowsize : PACKET_WINDOWSIZE;
	/* A small packet takes a page of the system's account all the same. */
	uint64_t bytes = 2ull * windowsize * (blksize + 2048);
	int room = bytes < (64 << 20) ? bytes : 64 << 20;

	if (windowsize > 1 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static int set_interest(const struct client *client, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = (void *)client };

	return epoll_ctl(client->scene->poll_fd, operation, client->fd, &event);
}

/* The socket stays unconnected: a server may answer from any port, and strays are to be seen. */
static int open_socket(struct client *client)
{
	const struct scene *scene = client->scene;
	int err;

	client->fd = socket(scene->server.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -errno;
	make_room(&scene->ask, client->fd);
	if (bind_source(client, client->fd) || set_interest(client, EPOLL_CTL_ADD, EPOLLIN)) {
		err = -errno;
		hang_up(client);
		return err;
	}
	return 0;
}

static void send_to(struct scene *scene, const struct client *client, const union address *to, const uint8_t *packet,
		    size_t bytes)
{
	if (is_lost(scene, scene->options->loss_tx_percent)) {
		scene->results->lost_tx++;
		return;
	}
	if (sendto(client->fd, packet, bytes, 0, &to->any, scene->server_bytes) < 0) {
		scene->results->send_errors++;
		scene->results->send_error = errno;
	}
}

/* Sends what is in client->out, and waits for an answer. */
static void send_out(struct client *client, uint64_t now_ns)
{
	send_to(client->scene, client, &client->peer, client->out, client->out_bytes);
	client->wake_ns = now_ns + client->scene->options->timeout_ms * 1000000;
}

static void send_error(struct client *client, const union address *to, enum packet_error code, const char *text)
{
	uint8_t packet[PACKET_HEADER_BYTES + 64];

	send_to(client->scene, client, to, packet, packet_error(packet, code, text));
}

static void end(struct client *client, enum outcome outcome, uint64_t now_ns)
{
	const struct options *options = client->scene->options;
	struct results *results = client->scene->results;

	results->outcomes[outcome]++;
	if (outcome == OUTCOME_COMPLETED)
		histogram_add(&results->transfer_ns, now_ns - client->begun_ns);
	if (!options->fixed_port && !options->source_port)
		hang_up(client);
	client->state = CLIENT_RESTING;
	client->wake_ns = TIMER_NEVER;
}

static bool has_right_size(const struct client *client)
{
	const struct download *download = &client->download;

	if (download->granted.has_tsize && download->bytes != download->granted.tsize)
		return false;
	return !client->reference || download->bytes == client->reference->size;
}

static void complete(struct client *client, uint64_t now_ns)
{
	bool good = !client->mismatch && has_right_size(client);

	end(client, good ? OUTCOME_COMPLETED : OUTCOME_MISMATCH, now_ns);
}

static void fail(struct client *client, uint16_t code, uint64_t now_ns)
{
	struct results *results = client->scene->results;

	results->errors[code < PACKET_ERROR_COUNT ? code : PACKET_ERROR_COUNT]++;
	end(client, code == PACKET_ERROR_NOT_FOUND ? OUTCOME_NOT_FOUND : OUTCOME_ERROR, now_ns);
}

static void refuse(struct client *client, uint64_t now_ns)
{
	send_error(client, &client->peer, PACKET_ERROR_OPTIONS, "that was not asked for");
	end(client, OUTCOME_REFUSED, now_ns);
}

static void deliver_answer(struct client *client, uint64_t now_ns)
{
	if (!client->finishing || !client->scene->options->no_last_ack)
		send_out(client, now_ns);
	if (client->finishing) {
		complete(client, now_ns);
		return;
	}
	client->state = CLIENT_WAITING;
	if (!client->asked_ns)
		client->asked_ns = now_ns;
}

/* A thinking client reads nothing, so what arrives meanwhile waits in its socket. */
static void answer(struct client *client, uint16_t block, bool finishing, uint64_t now_ns)
{
	uint64_t think_us = client->scene->options->think_us;

	client->out_bytes = packet_ack(client->out, block);
	client->finishing = finishing;
	if (!think_us) {
		deliver_answer(client, now_ns);
		return;
	}
	client->state = CLIENT_THINKING;
	client->wake_ns = now_ns + think_us * 1000;
	set_interest(client, EPOLL_CTL_MOD, 0);
}

static void note_latency(struct client *client, uint64_t now_ns)
{
	struct results *results = client->scene->results;

	if (client->download.next == 2)
		histogram_add(&results->request_ns, now_ns - client->begun_ns);
	if (client->asked_ns)
		histogram_add(&results->reply_ns, now_ns - client->asked_ns);
	client->asked_ns = 0;
}

/* The next block has come: client->download has counted it already. */
static void take_block(struct client *client, const struct packet *packet, uint64_t now_ns)
{
	struct results *results = client->scene->results;
	uint64_t offset = client->download.bytes - packet->body_bytes;

	results->blocks++;
	results->bytes += packet->body_bytes;
	client->sends = 1;
	client->wake_ns = now_ns + client->scene->options->timeout_ms * 1000000;
	note_latency(client, now_ns);
	if (client->reference && !reference_matches(client->reference, offset, packet->body, packet->body_bytes)) {
		results->mismatched_blocks++;
		client->mismatch = true;
	}
}

static void note_event(struct client *client, const struct download_step *step, const struct packet *packet,
		       uint64_t now_ns)
{
	struct results *results = client->scene->results;

	switch (step->event) {
	case DOWNLOAD_BLOCK:
		take_block(client, packet, now_ns);
		break;
	case DOWNLOAD_DUPLICATE:
		results->duplicates++;
		break;
	case DOWNLOAD_AHEAD:
		results->out_of_order++;
		break;
	case DOWNLOAD_MALFORMED:
		results->malformed++;
		break;
	case DOWNLOAD_OTHER:
		break;
	}
}

static void take_packet(struct client *client, const struct packet *packet)
{
	struct download_step step = download_take(&client->download, packet);
	uint64_t now_ns = clock_ns();

	note_event(client, &step, packet, now_ns);
	switch (step.action) {
	case DOWNLOAD_WAIT:
		break;
	case DOWNLOAD_ACK:
	case DOWNLOAD_FINISH:
		answer(client, step.block, step.action == DOWNLOAD_FINISH, now_ns);
		break;
	case DOWNLOAD_REFUSE:
		refuse(client, now_ns);
		break;
	case DOWNLOAD_FAIL:
		fail(client, step.block, now_ns);
		break;
	}
}

/* Whether a packet belongs to the transfer under way; the first good answer decides the server's port. */
static bool belongs(struct client *client, union address *from, const struct packet *packet)
{
	if (!same_host(from, &client->peer))
		return false;
	if (client->peer_known)
		return *port_of(from) == *port_of(&client->peer);
	if (!download_may_open(packet))
		return false;
	*port_of(&client->peer) = *port_of(from);
	client->peer_known = true;
	client->sends = 1;
	return true;
}

static void take_stray(struct client *client, const union address *from)
{
	client->scene->results->strays++;
	if (client->scene->options->answer_strays)
		send_error(client, from, PACKET_ERROR_UNKNOWN_TID, "unknown transfer");
}

/* Reads one packet; false when there is none. */
static bool read_one(struct client *client)
{
	struct scene *scene = client->scene;
	union address from;
	socklen_t from_bytes = sizeof(from);
	struct packet packet;
	ssize_t bytes;

	bytes = recvfrom(client->fd, scene->packet, sizeof(scene->packet), 0, &from.any, &from_bytes);
	if (bytes < 0)
		return false;
	if (is_lost(scene, scene->options->loss_percent))
		scene->results->lost_rx++;
	else if (!packet_parse(scene->packet, bytes, &packet))
		scene->results->malformed++;
	else if (!belongs(client, &from, &packet))
		take_stray(client, &from);
	else
		take_packet(client, &packet);
	return true;
}

/* What a resting client's port still gets belongs to a transfer that is over. */
static void read_away(struct client *client)
{
	while (recv(client->fd, client->scene->packet, sizeof(client->scene->packet), 0) >= 0)
		client->scene->results->strays++;
}

/* The socket has something. Without windows one packet is all there can be. */
void client_read(struct client *client)
{
	int left = client->scene->ask.windowsize > 1 ? READ_BATCH : 1;

	if (client->state == CLIENT_RESTING && client->fd >= 0)
		read_away(client);
	while (left-- && client->state == CLIENT_WAITING && read_one(client))
		;
}

static bool has_answer(const struct client *client)
{
	return client->download.next > 1 || client->download.has_oack;
}

static void time_out(struct client *client, uint64_t now_ns)
{
	if (client->sends >= client->scene->options->tries) {
		end(client, OUTCOME_TIMEOUT, now_ns);
		return;
	}
	client->sends++;
	client->scene->results->retransmissions++;
	if (has_answer(client))
		client->out_bytes = packet_ack(client->out, download_repeat(&client->download));
	send_out(client, now_ns);
}

/* The timer went off; it may be early. */
void client_wake(struct client *client, uint64_t now_ns)
{
	if (client->wake_ns > now_ns)
		return;
	switch (client->state) {
	case CLIENT_WAITING:
		time_out(client, now_ns);
		break;
	case CLIENT_THINKING:
		set_interest(client, EPOLL_CTL_MOD, EPOLLIN);
		deliver_answer(client, now_ns);
		break;
	case CLIENT_RESTING:
		break;
	}
}

/*
 * Asks for the file number @file. Returns 0, or a negative error: no socket (another one will hardly be
 * had), or a name that fits no request.
 */
int client_begin(struct client *client, unsigned int file, uint64_t now_ns)
{
	struct scene *scene = client->scene;
	int err;

	client->out_bytes = packet_request(client->out, scene->options->files.items[file], scene->options->mode,
					   &scene->ask);
	if (!client->out_bytes)
		return -ENAMETOOLONG;
	if (client->fd < 0) {
		err = open_socket(client);
		if (err)
			return err;
	}
	download_init(&client->download, &scene->ask);
	client->peer = scene->server;
	client->peer_known = false;
	client->reference = scene->references ? &scene->references[file] : NULL;
	client->mismatch = false;
	client->finishing = false;
	client->sends = 1;
	client->begun_ns = now_ns;
	client->asked_ns = 0;
	client->transfers++;
	client->state = CLIENT_WAITING;
	scene->results->begun++;
	send_out(client, now_ns);
	return 0;
}
