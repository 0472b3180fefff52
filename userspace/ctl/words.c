// SPDX-License-Identifier: GPL-2.0
/* Taking command lines apart, and saying what is wrong with them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* The next word, taken; NULL at the end of the line. */
const char *next_word(struct words *words)
{
	if (!words->left)
		return NULL;
	words->left--;
	return *words->at++;
}

/* The next word, left where it is; NULL at the end of the line. */
const char *peek_word(const struct words *words)
{
	return words->left ? *words->at : NULL;
}

/* Takes the next word if it is this one. */
bool take_word(struct words *words, const char *word)
{
	if (!words->left || strcmp(*words->at, word))
		return false;
	next_word(words);
	return true;
}

static void complain(const struct ctl *ctl, const char *format, va_list arguments)
{
	fprintf(stderr, "ktftpctl: %s", ctl->where);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

/* The command line is wrong. */
int usage(const struct ctl *ctl, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(ctl, format, arguments);
	va_end(arguments);
	return CTL_USAGE;
}

/* The command was understood and could not be done. */
int failed(const struct ctl *ctl, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(ctl, format, arguments);
	va_end(arguments);
	return CTL_FAILED;
}

int end_of_line(const struct ctl *ctl, const struct words *words)
{
	return words->left ? usage(ctl, "what is '%s' for? (see --help)", *words->at) : CTL_OK;
}

/* The command of that name, or the only one that begins so. */
const struct command *find_command(const struct ctl *ctl, const struct command *commands, const char *word)
{
	const struct command *command, *found = NULL;
	bool several = false;

	for (command = commands; command->name; command++) {
		if (!strcmp(command->name, word))
			return command;
		if (strncmp(command->name, word, strlen(word)))
			continue;
		several = several || (found && found->run != command->run);
		found = command;
	}
	if (found && !several)
		return found;
	fprintf(stderr, "ktftpctl: %s%s command '%s'; there are:", ctl->where, several ? "ambiguous" : "unknown", word);
	for (command = commands; command->name; command++)
		fprintf(stderr, " %s", command->name);
	fputc('\n', stderr);
	return NULL;
}

int parse_number(const struct ctl *ctl, const char *what, const char *word, unsigned long least, unsigned long most,
		 unsigned long *out)
{
	char *end;

	if (!word)
		return usage(ctl, "%s needs a number, %lu to %lu", what, least, most);
	errno = 0;
	*out = strtoul(word, &end, 0);
	if (errno || end == word || *end || *word == '-' || *word == ' ' || *out < least || *out > most)
		return usage(ctl, "%s is a number, %lu to %lu, not '%s'", what, least, most, word);
	return CTL_OK;
}

static bool parse_address(const char *text, struct ktftp_address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		address->length = 4;
	else if (inet_pton(AF_INET6, text, address->bytes) == 1)
		address->length = 16;
	return address->length;
}

/*
 * ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT; an IPv6 address with a port needs the brackets. The port is 0 when
 * there is none.
 */
int parse_address_port(const struct ctl *ctl, const char *word, struct ktftp_address *address, uint16_t *port)
{
	char text[INET6_ADDRSTRLEN + 1];
	const char *end = NULL;
	unsigned long number;
	size_t length;

	*port = 0;
	if (!word)
		return usage(ctl, "an address is needed: 192.0.2.1, 192.0.2.1:69, [2001:db8::1]:69, 0.0.0.0 or [::]");
	if (*word == '[') {
		end = strchr(++word, ']');
		length = end ? (size_t)(end - word) : 0;
		end = end && end[1] == ':' ? end + 2 : end && !end[1] ? NULL : "";
	} else if (strchr(word, ':') == strrchr(word, ':') && strchr(word, ':')) {
		length = strcspn(word, ":");
		end = word + length + 1;
	} else {
		length = strlen(word);
	}
	if (length >= sizeof(text))
		return usage(ctl, "'%s' is no address", word);
	memcpy(text, word, length);
	text[length] = 0;
	if (!parse_address(text, address))
		return usage(ctl, "'%s' is no address (192.0.2.1, 192.0.2.1:69, [2001:db8::1]:69)", text);
	if (!end)
		return CTL_OK;
	if (parse_number(ctl, "a port", end, 1, 65535, &number))
		return CTL_USAGE;
	*port = number;
	return CTL_OK;
}

/* Says what the module said. */
int module_failed(const struct ctl *ctl)
{
	return failed(ctl, "%s", ktftp_error(ctl->k));
}

/* Opens the connection to the module unless it is open. */
int connect_module(struct ctl *ctl)
{
	int err;

	if (ctl->k)
		return CTL_OK;
	if (!ktftp_open(&ctl->k))
		return CTL_OK;
	err = ctl->k ? module_failed(ctl) : failed(ctl, "out of memory");
	ktftp_close(ctl->k);
	ctl->k = NULL;
	return err;
}
