// SPDX-License-Identifier: GPL-2.0
/* Taking command lines apart, and saying what is wrong with them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

/* More than any table has. */
#define MOST_COMMANDS 100

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
	if (words->left && **words->at == '-')
		return usage(ctl, "what is '%s' for? (options stand before the command; see --help)", *words->at);
	return words->left ? usage(ctl, "what is '%s' for? (see --help)", *words->at) : CTL_OK;
}

/* The command of that name, or the only one that begins so, of the first @most; *several says why there is none. */
static const struct command *match_command(const struct command *commands, size_t most, const char *word, bool *several)
{
	const struct command *command, *found = NULL;

	*several = false;
	for (command = commands; command->name && command < commands + most; command++) {
		if (!strcmp(command->name, word))
			return command;
		if (strncmp(command->name, word, strlen(word)))
			continue;
		*several = *several || (found && found->run != command->run);
		found = command;
	}
	return *several ? NULL : found;
}

/* The command that a word means; NULL after it was said that there is none. */
const struct command *find_command(const struct ctl *ctl, const struct command *commands, const char *word)
{
	const struct command *command;
	bool several;

	command = match_command(commands, MOST_COMMANDS, word, &several);
	if (command)
		return command;
	fprintf(stderr, "ktftpctl: %s%s command '%s'; there are:", ctl->where, several ? "ambiguous" : "unknown", word);
	for (command = commands; command->name; command++)
		fprintf(stderr, " %s", command->name);
	fputc('\n', stderr);
	return NULL;
}

/* The same; what the first @settled alone can be cut short to stays theirs, whichever came later. */
const struct command *find_settled_command(const struct ctl *ctl, const struct command *commands, size_t settled,
					   const char *word)
{
	const struct command *command;
	bool several;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, word))
			return command;
	command = match_command(commands, settled, word, &several);
	return command ? command : find_command(ctl, commands, word);
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

/* The value behind an option. */
int take_value(const struct ctl *ctl, struct words *words, const char *option, const char **out)
{
	*out = next_word(words);
	return *out && **out ? CTL_OK : usage(ctl, "%s needs a value", option);
}

/* The name of a view or an owner, as the module takes it. */
int check_label(const struct ctl *ctl, const char *what, const char *text)
{
	const char *c = text;

	while ((unsigned char)*c > ' ' && *c != 0x7f && *c != ',')
		c++;
	if (*c || c == text || c - text > KTFTP_LABEL_MAX)
		return usage(ctl, "the name of %s has 1 to %d bytes, no spaces, commas or control characters", what,
			     KTFTP_LABEL_MAX);
	return CTL_OK;
}

/* What follows an option that names a view or an owner. */
int take_label(const struct ctl *ctl, struct words *words, const char *option, const char **out)
{
	int status = take_value(ctl, words, option, out);

	return status ? status : check_label(ctl, strcmp(option, "--view") ? "an owner" : "a view", *out);
}

/* Bytes, or K, M, G and T in powers of 1024, as in 512M or 100MiB. */
int parse_size(const struct ctl *ctl, const char *word, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	int shift = 0;
	char *end;

	errno = 0;
	*out = strtoull(word, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
		if (!strcmp(end, "iB"))
			end += 2;
	}
	if (errno || *word < '0' || *word > '9' || *end || *out > UINT64_MAX >> 1 >> shift)
		return usage(ctl, "a size is a number of bytes, or one with K, M, G or T as 512M or 100MiB, not '%s'",
			     word);
	*out <<= shift;
	return CTL_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As sha256sum(1) prints it. */
int parse_digest(const struct ctl *ctl, const char *word, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	size_t i;

	for (i = 0; i < 2 * KTFTP_DIGEST_BYTES && hex_digit(word[i]) >= 0; i++)
		digest[i / 2] = i % 2 ? digest[i / 2] << 4 | hex_digit(word[i]) : hex_digit(word[i]);
	if (i == 2 * KTFTP_DIGEST_BYTES && !word[i])
		return CTL_OK;
	return usage(ctl, "a SHA-256 is %d hexadecimal digits, not '%s'", 2 * KTFTP_DIGEST_BYTES, word);
}

/* --yes, or who is asked on a terminal says so. */
bool is_sure(const struct ctl *ctl, const char *question)
{
	char answer[8] = "";

	if (ctl->yes)
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "%s Go on? [y/N] ", question);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
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

/* Opens the connection to the module unless it is open; -ENOENT when it is not loaded. Says nothing itself. */
int try_module(struct ctl *ctl, char *why, size_t room)
{
	int err;

	if (ctl->k)
		return 0;
	err = ktftp_open(&ctl->k);
	if (!err)
		return 0;
	snprintf(why, room, "%s", ctl->k ? ktftp_error(ctl->k) : "out of memory");
	ktftp_close(ctl->k);
	ctl->k = NULL;
	return err;
}

/* The same for who needs it. */
int connect_module(struct ctl *ctl)
{
	char why[256];

	return try_module(ctl, why, sizeof(why)) ? failed(ctl, "%s", why) : CTL_OK;
}
