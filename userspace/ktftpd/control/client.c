// SPDX-License-Identifier: GPL-2.0
/*
 * One client is one bufferevent. The next line is looked at when the answers before it are nearly gone, so that who
 * asks and does not read holds one answer and no more; who then does not move for some seconds is hung up on.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "commands.h"

/* Of a request. */
#define MOST_LINE_BYTES 4096

/* Clients; the last ones are for who may change things, so that lookers cannot keep an operator out. */
#define MOST_LOOKERS    224

/* Answers under way of a client, beyond which its next request waits. */
#define ENOUGH_BYTES    4096

/* Answers under way of all, beyond which nobody gets more. */
#define MOST_BYTES      (64 << 20)

#define IDLE_S          300
#define UNREAD_S        5

/**
 * struct client - somebody
 * @link: in the list of all
 * @all: all
 * @d: the daemon
 * @bev: lines in and out
 * @right: what it may
 * @ended: it sends no more, and goes when it has its answers
 * @dismissed: nothing more is looked at, and it goes when it has its answers
 */
struct client {
	LIST_ENTRY(client) link;
	struct clients_state *all;
	struct daemon *d;
	struct bufferevent *bev;
	enum control_right right;
	bool ended;
	bool dismissed;
};

static void client_free(struct client *c)
{
	LIST_REMOVE(c, link);
	c->all->count--;
	bufferevent_free(c->bev);
	free(c);
}

void clients_free(struct clients_state *all)
{
	while (!LIST_EMPTY(&all->list))
		client_free(LIST_FIRST(&all->list));
}

static size_t bytes_under_way(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static bool too_much_under_way(const struct clients_state *all)
{
	size_t bytes = 0;
	struct client *c;

	LIST_FOREACH(c, &all->list, link)
	bytes += bytes_under_way(c);
	return bytes > MOST_BYTES;
}

static int to_buffer(const char *bytes, size_t count, void *context)
{
	return evbuffer_add(context, bytes, count);
}

/* Takes the answer over; without one, or without memory to write it, there is nothing more to be said. */
static void say(struct client *c, json_t *answer)
{
	struct evbuffer *line = evbuffer_new();

	if (line && answer && !json_object_set_new(answer, "netns", json_integer(c->all->netns)) &&
	    !json_dump_callback(answer, to_buffer, line, JSON_COMPACT) && !evbuffer_add(line, "\n", 1))
		bufferevent_write_buffer(c->bev, line);
	else
		c->dismissed = true;
	if (line)
		evbuffer_free(line);
	json_decref(answer);
}

/* The last that it hears. */
static void dismiss(struct client *c, json_t *answer)
{
	say(c, answer);
	c->dismissed = true;
}

static void take_line(struct client *c, const char *line, size_t length)
{
	if (too_much_under_way(c->all))
		say(c, command_refusal("too many answers wait to be read by others: try again"));
	else
		say(c, command_answer(c->d, c->right, line, length));
}

/* Answers what can be answered now: all lines that are there, or until enough is under way. */
static void take_lines(struct client *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);
	size_t length;
	char *line;

	while (!c->dismissed && bytes_under_way(c) < ENOUGH_BYTES) {
		line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
		if (line)
			take_line(c, line, length);
		else if (evbuffer_get_length(input) >= MOST_LINE_BYTES)
			dismiss(c, command_refusal("that line is too long for a request"));
		else
			return;
		free(line);
	}
}

/* Reads on, or waits until answers are read, or hangs up. */
static void go_on(struct client *c)
{
	take_lines(c);
	if (!bytes_under_way(c) && (c->dismissed || c->ended))
		client_free(c);
	else if (c->dismissed || c->ended || bytes_under_way(c) >= ENOUGH_BYTES)
		bufferevent_disable(c->bev, EV_READ);
	else
		bufferevent_enable(c->bev, EV_READ);
}

static void on_read(struct bufferevent *bev, void *context)
{
	(void)bev;
	go_on(context);
}

/* All that was said is written. */
static void on_written(struct bufferevent *bev, void *context)
{
	(void)bev;
	go_on(context);
}

static void on_event(struct bufferevent *bev, short what, void *context)
{
	struct client *c = context;

	(void)bev;
	if (!(what & BEV_EVENT_EOF)) {
		client_free(c);
		return;
	}
	/* Who has no more to say may still want answers. */
	c->ended = true;
	go_on(c);
}

static void set_up(struct client *c)
{
	const struct timeval idle = { .tv_sec = IDLE_S }, unread = { .tv_sec = UNREAD_S };

	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, MOST_LINE_BYTES);
	bufferevent_set_timeouts(c->bev, &idle, &unread);
}

void client_add(struct daemon *d, struct clients_state *all, int fd, enum control_right right)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c)
		c->bev = bufferevent_socket_new(d->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->d = d;
	c->all = all;
	c->right = right;
	set_up(c);
	if (right == CONTROL_NONE)
		dismiss(c, command_stranger(d));
	else if (all->count >= (right == CONTROL_CHANGE ? CLIENTS_MOST : MOST_LOOKERS))
		dismiss(c, command_refusal("too many others ask the daemon at this moment: try again"));
	LIST_INSERT_HEAD(&all->list, c, link);
	all->count++;
	go_on(c);
}
