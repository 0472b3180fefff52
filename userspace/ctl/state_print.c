// SPDX-License-Identifier: GPL-2.0
/* What a namespace serves, in the words of ktftpctl's own commands, a line each. */
#include <string.h>

#include "state.h"

static void put_option(FILE *out, const char *option, const char *value)
{
	fprintf(out, " %s ", option);
	put_word(out, value);
}

static void put_endpoint(FILE *out, const struct ktftp_listener *listener)
{
	char endpoint[64];

	show_endpoint(&listener->address, listener_port(listener), endpoint, sizeof(endpoint));
	fputs(endpoint, out);
}

void print_listener(FILE *out, const struct ktftp_listener *l)
{
	fputs("listen add ", out);
	put_endpoint(out, l);
	if (l->device[0])
		put_option(out, "dev", l->device);
	if (l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT)
		fputs(" single-port", out);
	else if (l->tid_first)
		fprintf(out, " tid-ports %u-%u", l->tid_first, l->tid_last);
	if (l->flags & KTFTP_LISTENER_FLAG_NOTRACK)
		fputs(" notrack", out);
	if (l->dscp)
		fprintf(out, " dscp %u", l->dscp);
	if (l->mark)
		fprintf(out, " mark %u", l->mark);
	fputc('\n', out);
}

void print_stack(FILE *out, const struct state *state)
{
	char text[KTFTP_STACK_MAX * (KTFTP_LABEL_MAX + 1)] = "";
	size_t i;

	for (i = 0; i < state->stack_count; i++) {
		if (i)
			strcat(text, ",");
		strcat(text, state->stack[i]);
	}
	fputs("view set ", out);
	put_word(out, text);
	fputc('\n', out);
}

static const char *hold_option(enum ktftp_hold hold)
{
	switch (hold) {
	case KTFTP_HOLD_PIN:
		return " --pin";
	case KTFTP_HOLD_SEAL:
		return " --seal";
	case KTFTP_HOLD_COPY:
		return " --copy";
	case KTFTP_HOLD_AUTO:
		break;
	}
	return "";
}

void print_entry(FILE *out, const struct ktftp_entry *e, enum ktftp_hold hold)
{
	char digest[2 * KTFTP_DIGEST_BYTES + 1];

	fputs("publish ", out);
	put_word(out, e->source);
	put_option(out, "--name", e->name);
	put_option(out, "--view", e->view);
	put_option(out, "--owner", e->owner);
	fputs(hold_option(hold), out);
	if (e->has_digest)
		put_option(out, "--sha256", show_digest(e->digest, digest));
	fputc('\n', out);
}

void print_absent(FILE *out, const struct ktftp_absent *a)
{
	bool is_like_an_option = a->glob[0] == '-';

	fputs("absent add", out);
	if (!is_like_an_option) {
		fputc(' ', out);
		put_word(out, a->glob);
	}
	if (a->ends)
		fprintf(out, " --for %llu", a->left_ms ? (unsigned long long)(a->left_ms + 999) / 1000 : 1);
	put_option(out, "--view", a->view);
	put_option(out, "--owner", a->owner);
	if (is_like_an_option)
		put_option(out, "--", a->glob);
	fputc('\n', out);
}
