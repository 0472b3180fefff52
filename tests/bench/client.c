// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "client.h"
#include "http.h"
#include "names.h"
#include "network.h"
#include "random.h"

/* Packets taken from one socket before others have their turn. */
#define READ_BATCH 32

static const struct habits *habits_of(const struct client *client)
{
	return client->family->habits;
}

static struct results *results_of(const struct client *client)
{
	return &client->family->results;
}

/* On error client_fini() is due all the same. */
int client_init(struct client *client, struct scene *scene, struct family *family, unsigned int index)
{
	int err;

	memset(client, 0, sizeof(*client));
	client->scene = scene;
	client->family = family;
	client->index = index;
	client->wake_ns = TIMER_NEVER;
	err = network_init(client);
	return err ? err : buffers_init(&client->buffers, family->habits->receive_buffers);
}

void client_fini(struct client *client)
{
	network_fini(client);
	buffers_fini(&client->buffers);
	reference_close(&client->copy);
}

uint64_t client_deadline(const struct client *client)
{
	uint64_t first_ns = client->wake_ns;

	if (client->out.until_ns < first_ns)
		first_ns = client->out.until_ns;
	if (client_listens(client) && client->in.until_ns < first_ns)
		first_ns = client->in.until_ns;
	return first_ns;
}

static bool keeps_port(const struct client *client)
{
	return habits_of(client)->fixed_port || habits_of(client)->source_port;
}

/* How long the silence may last behind the packet sent last. */
static uint64_t patience_ns(const struct client *client)
{
	uint64_t wait_ms = habits_of(client)->timeout_ms, most_ms = habits_of(client)->timeout_max_ms;
	unsigned int sends;

	for (sends = 1; sends < client->sends && wait_ms < most_ms; sends++)
		wait_ms *= 2;
	return (most_ms && wait_ms > most_ms ? most_ms : wait_ms) * 1000000;
}

/* The silence counts from when the client is done with what it has. */
static void wait_on(struct client *client, uint64_t now_ns)
{
	uint64_t from_ns = client->buffers.busy_ns > now_ns ? client->buffers.busy_ns : now_ns;

	client->wake_ns = from_ns + patience_ns(client);
}

/* Sends what is in client->packet, and waits for an answer. */
static void send_packet(struct client *client, uint64_t now_ns)
{
	network_send(client, &client->peer, client->packet, client->packet_bytes, now_ns);
	wait_on(client, now_ns);
}

static void send_error(struct client *client, const union address *to, enum packet_error code, const char *text,
		       uint64_t now_ns)
{
	uint8_t packet[PACKET_HEADER_BYTES + 64];

	network_send(client, to, packet, packet_error(packet, code, text), now_ns);
}

/* Nothing holds the client any more. */
static void leave(struct client *client)
{
	if (!keeps_port(client))
		network_close(client);
	client->state = CLIENT_RESTING;
	client->wake_ns = TIMER_NEVER;
}

static void end(struct client *client, enum outcome outcome)
{
	results_of(client)->outcomes[outcome]++;
	leave(client);
}

static void give_up(struct client *client, int failure)
{
	client->failure = failure;
	leave(client);
}

static bool expand_file(const struct client *client, char *name, size_t room)
{
	return name_expand(name, room, habits_of(client)->files.items[client->file], client->index);
}

/* Adds "NAME VALUE". Returns the new length of the request, 0 when it is too long. */
static size_t add_extra(struct client *client, size_t bytes, const char *option)
{
	char text[PACKET_REQUEST_MAX];
	char *blank;

	if (!name_expand(text, sizeof(text), option, client->index))
		return 0;
	blank = strchr(text, ' ');
	*blank = 0;
	return packet_add(client->packet, packet_add(client->packet, bytes, text), blank + 1);
}

static size_t write_request(struct client *client, const struct packet_options *ask)
{
	const struct habits *habits = habits_of(client);
	char name[PACKET_REQUEST_MAX];
	size_t bytes;
	unsigned int i;

	if (!expand_file(client, name, sizeof(name)))
		return 0;
	bytes = packet_request(client->packet, name, habits->mode, ask);
	for (i = 0; i < habits->extra_options.count; i++)
		bytes = add_extra(client, bytes, habits->extra_options.items[i]);
	if (habits->stray_nul)
		bytes = packet_add(client->packet, bytes, "");
	return bytes;
}

static void choose_reference(struct client *client)
{
	const struct family *family = client->family;
	char name[PACKET_REQUEST_MAX];

	client->reference = family->references ? &family->references[client->file] : NULL;
	if (!family->folder || !expand_file(client, name, sizeof(name)))
		return;
	reference_close(&client->copy);
	reference_open_in(&client->copy, family->folder, name);
	client->reference = &client->copy;
}

static void forget_last_transfer(struct client *client)
{
	client->peer = client->scene->server;
	client->peer_known = false;
	choose_reference(client);
	client->mismatch = false;
	client->finishing = false;
	client->sends = 1;
	client->asked_ns = 0;
}

/* Sends the request for the file, or for its size alone. */
static void ask(struct client *client, uint64_t now_ns)
{
	struct packet_options wanted = client->family->ask;
	int err = 0;

	wanted.has_tsize |= client->probing;
	client->packet_bytes = write_request(client, &wanted);
	if (!client->packet_bytes)
		err = -ENAMETOOLONG;
	else if (client->fd < 0)
		err = network_open(client);
	if (err) {
		give_up(client, err);
		return;
	}
	download_init(&client->download, &wanted, &client->family->policy);
	forget_last_transfer(client);
	client->begun_ns = now_ns;
	client->state = CLIENT_WAITING;
	send_packet(client, now_ns);
}

static void try_http(struct client *client, uint64_t now_ns)
{
	int tried;

	network_close(client);
	tried = http_try(client);
	if (tried < 0) {
		give_up(client, tried);
	} else if (tried) {
		ask(client, now_ns);
	} else {
		client->state = CLIENT_CONNECTING;
		client->wake_ns = now_ns + habits_of(client)->http_timeout_ms * 1000000;
	}
}

/*
 * Asks for the file number @file. On failure client->failure says why: no socket (another one will hardly be had), or
 * a name that fits no request.
 */
void client_begin(struct client *client, unsigned int file, uint64_t now_ns)
{
	client->file = file;
	client->probing = habits_of(client)->size_probe;
	client->transfers++;
	client->file_ns = now_ns;
	results_of(client)->begun++;
	if (habits_of(client)->http_port)
		try_http(client, now_ns);
	else
		ask(client, now_ns);
}

static bool has_right_size(const struct client *client)
{
	const struct download *download = &client->download;

	if (download->granted.has_tsize && download->bytes != download->granted.tsize)
		return false;
	return !client->reference || (!client->reference->missing && download->bytes == client->reference->size);
}

static void complete(struct client *client, uint64_t now_ns)
{
	struct results *results = results_of(client);

	if (client->mismatch || !has_right_size(client)) {
		end(client, OUTCOME_MISMATCH);
		return;
	}
	results->outcomes[OUTCOME_COMPLETED]++;
	histogram_add(&results->transfer_ns, now_ns - client->begun_ns);
	if (!habits_of(client)->dally_ms) {
		leave(client);
		return;
	}
	client->state = CLIENT_DALLYING;
	client->wake_ns = now_ns + habits_of(client)->dally_ms * 1000000;
}

static void fail(struct client *client, uint16_t code)
{
	struct results *results = results_of(client);

	results->errors[code < PACKET_ERROR_COUNT ? code : PACKET_ERROR_COUNT]++;
	if (code == PACKET_ERROR_NOT_FOUND && habits_of(client)->allow_not_found)
		results->not_found_allowed++;
	end(client, code == PACKET_ERROR_NOT_FOUND ? OUTCOME_NOT_FOUND : OUTCOME_ERROR);
}

static void deliver_answer(struct client *client, uint64_t now_ns)
{
	if (!client->finishing || !habits_of(client)->no_last_ack)
		send_packet(client, now_ns);
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
	client->packet_bytes = packet_ack(client->packet, block);
	client->finishing = finishing;
	buffers_work(&client->buffers, habits_of(client)->think_us * 1000);
	if (client->buffers.busy_ns <= now_ns) {
		deliver_answer(client, now_ns);
		return;
	}
	client->state = CLIENT_THINKING;
	client->wake_ns = client->buffers.busy_ns;
	network_listen(client, false);
}

static void note_latency(struct client *client, uint64_t now_ns)
{
	struct results *results = results_of(client);

	if (client->download.next == 2)
		histogram_add(&results->request_ns, now_ns - client->begun_ns);
	if (client->asked_ns)
		histogram_add(&results->reply_ns, now_ns - client->asked_ns);
	client->asked_ns = 0;
}

/* As a phone does that erases flash before it writes. */
static void pause_for_flash(struct client *client, uint64_t before, uint64_t after)
{
	const struct habits *habits = habits_of(client);
	uint64_t every = habits->flash_every_bytes;

	if (!every || before / every == after / every)
		return;
	results_of(client)->flash_pauses++;
	buffers_work(&client->buffers, random_within(&client->scene->random, &habits->flash_pause_ms) * 1000000);
}

/* The next block has come: client->download has counted it already. */
static void take_block(struct client *client, const struct packet *packet, uint64_t now_ns)
{
	struct results *results = results_of(client);
	uint64_t offset = client->download.bytes - packet->body_bytes;

	results->blocks++;
	results->bytes += packet->body_bytes;
	client->sends = 1;
	note_latency(client, now_ns);
	pause_for_flash(client, offset, client->download.bytes);
	wait_on(client, now_ns);
	if (client->reference && !reference_matches(client->reference, offset, packet->body, packet->body_bytes)) {
		results->mismatched_blocks++;
		client->mismatch = true;
	}
}

static void note_ahead(struct client *client, const struct download_step *step)
{
	struct results *results = results_of(client);

	results->out_of_order++;
	results->gaps += step->new_gap;
	results->gap_acks += step->action == DOWNLOAD_ACK;
}

static void note_event(struct client *client, const struct download_step *step, const struct packet *packet,
		       uint64_t now_ns)
{
	switch (step->event) {
	case DOWNLOAD_BLOCK:
		take_block(client, packet, now_ns);
		break;
	case DOWNLOAD_DUPLICATE:
		results_of(client)->duplicates++;
		break;
	case DOWNLOAD_AHEAD:
		note_ahead(client, step);
		break;
	case DOWNLOAD_MALFORMED:
		results_of(client)->malformed++;
		break;
	case DOWNLOAD_OTHER:
		break;
	}
}

static bool has_enough(const struct client *client)
{
	uint64_t enough = habits_of(client)->stop_after_bytes;

	return enough && client->download.bytes >= enough;
}

static void take_step(struct client *client, const struct download_step *step, uint64_t now_ns)
{
	switch (step->action) {
	case DOWNLOAD_WAIT:
		break;
	case DOWNLOAD_ACK:
	case DOWNLOAD_FINISH:
		answer(client, step->block, step->action == DOWNLOAD_FINISH, now_ns);
		break;
	case DOWNLOAD_REFUSE:
		send_error(client, &client->peer, PACKET_ERROR_OPTIONS, "that was not asked for", now_ns);
		end(client, OUTCOME_REFUSED);
		break;
	case DOWNLOAD_FAIL:
		fail(client, step->block);
		break;
	}
}

static void take_packet(struct client *client, const struct packet *packet, uint64_t now_ns)
{
	struct download_step step = download_take(&client->download, packet);

	note_event(client, &step, packet, now_ns);
	if (has_enough(client) && step.action != DOWNLOAD_FINISH)
		end(client, OUTCOME_STOPPED);
	else
		take_step(client, &step, now_ns);
}

/* The size is known, or no server that knows sizes: now the file itself, from another port. */
static void take_probe(struct client *client, const struct packet *packet, uint64_t now_ns)
{
	if (packet->type == PACKET_ERROR) {
		fail(client, packet->number);
		return;
	}
	send_error(client, &client->peer, PACKET_ERROR_OPTIONS, "only the size was wanted", now_ns);
	results_of(client)->probes++;
	if (!keeps_port(client))
		network_close(client);
	client->probing = false;
	ask(client, now_ns);
}

/* The server has not heard yet that all is here. */
static void take_while_dallying(struct client *client, const struct packet *packet, uint64_t now_ns)
{
	struct download_step step = download_take(&client->download, packet);
	uint8_t ack[PACKET_HEADER_BYTES];

	if (step.event == DOWNLOAD_DUPLICATE)
		results_of(client)->duplicates++;
	if (step.action != DOWNLOAD_ACK)
		return;
	results_of(client)->last_block_repeats++;
	network_send(client, &client->peer, ack, packet_ack(ack, step.block), now_ns);
}

static void note_first_answer(struct client *client, const struct arrival *arrival)
{
	*network_port(&client->peer) = *network_port((union address *)&arrival->from);
	client->peer_known = true;
	client->sends = 1;
	histogram_add(&results_of(client)->answer_ns,
		      arrival->came_ns > client->begun_ns ? arrival->came_ns - client->begun_ns : 0);
}

/* Whether a packet belongs to the transfer under way; the first good answer decides the server's port. */
static bool belongs(struct client *client, const struct arrival *arrival, const struct packet *packet)
{
	union address from = arrival->from;

	if (!network_same_host(&from, &client->peer))
		return false;
	if (client->peer_known)
		return *network_port(&from) == *network_port(&client->peer);
	if (!download_may_open(packet))
		return false;
	note_first_answer(client, arrival);
	return true;
}

static void take_stray(struct client *client, const union address *from, uint64_t now_ns)
{
	results_of(client)->strays++;
	if (habits_of(client)->answer_strays)
		send_error(client, from, PACKET_ERROR_UNKNOWN_TID, "unknown transfer", now_ns);
}

static void take_arrival(struct client *client, const struct arrival *arrival)
{
	uint64_t now_ns = client->buffers.count ? clock_ns() : arrival->came_ns;
	struct packet packet;

	if (!packet_parse(arrival->packet, arrival->bytes, &packet))
		results_of(client)->malformed++;
	else if (!belongs(client, arrival, &packet))
		take_stray(client, &arrival->from, now_ns);
	else if (client->state == CLIENT_DALLYING)
		take_while_dallying(client, &packet, now_ns);
	else if (client->probing)
		take_probe(client, &packet, now_ns);
	else
		take_packet(client, &packet, now_ns);
}

/* Its network has let a packet through: the client takes it if there is a buffer for it. */
static void arrive(struct client *client, const struct arrival *arrival)
{
	if (!buffers_take(&client->buffers, arrival->came_ns)) {
		results_of(client)->overruns++;
		return;
	}
	buffers_work(&client->buffers, habits_of(client)->packet_us * 1000);
	take_arrival(client, arrival);
	buffers_release(&client->buffers);
}

/* Reads one packet; false when there is none. */
static bool read_one(struct client *client)
{
	struct arrival arrival;
	enum network_result result = network_receive(client, &arrival);

	if (result == NETWORK_ARRIVED)
		arrive(client, &arrival);
	return result != NETWORK_EMPTY;
}

/* What a resting client's port still gets belongs to a transfer that is over. */
static void read_away(struct client *client)
{
	struct arrival arrival;

	while (network_receive(client, &arrival) != NETWORK_EMPTY)
		results_of(client)->strays++;
}

/* The socket has something. Without windows one packet is all there can be. */
void client_read(struct client *client)
{
	int left = client->family->ask.windowsize > 1 ? READ_BATCH : 1;

	if (client->state == CLIENT_CONNECTING) {
		http_end(client, false);
		ask(client, clock_ns());
		return;
	}
	while (left-- && client_listens(client) && read_one(client))
		;
	if (!client_listens(client) && client->state != CLIENT_THINKING && client->fd >= 0)
		read_away(client);
}

static bool has_answer(const struct client *client)
{
	return client->download.next > 1 || client->download.has_oack;
}

static void time_out(struct client *client, uint64_t now_ns)
{
	struct results *results = results_of(client);

	if (client->sends >= habits_of(client)->tries) {
		results->unanswered += !client->peer_known;
		end(client, OUTCOME_TIMEOUT);
		return;
	}
	client->sends++;
	results->retransmissions++;
	if (has_answer(client))
		client->packet_bytes = packet_ack(client->packet, download_repeat(&client->download));
	else
		results->request_retransmissions++;
	send_packet(client, now_ns);
}

static void wake_state(struct client *client, uint64_t now_ns)
{
	switch (client->state) {
	case CLIENT_CONNECTING:
		http_end(client, true);
		ask(client, now_ns);
		break;
	case CLIENT_WAITING:
		time_out(client, now_ns);
		break;
	case CLIENT_THINKING:
		network_listen(client, true);
		deliver_answer(client, now_ns);
		break;
	case CLIENT_DALLYING:
	case CLIENT_PAUSING:
		leave(client);
		break;
	case CLIENT_RESTING:
	case CLIENT_DONE:
		break;
	}
}

/* The timer went off; it may be early. */
void client_wake(struct client *client, uint64_t now_ns)
{
	struct arrival arrival;

	network_release(client, now_ns);
	if (client_listens(client) && network_take_held(client, &arrival, now_ns))
		arrive(client, &arrival);
	if (client->wake_ns <= now_ns)
		wake_state(client, now_ns);
}
