/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: text put together in a buffer that is never overrun, and text from the network made fit to be shown: always
 * UTF-8, always one line, nothing in it that a terminal or a log viewer would obey.
 */
#ifndef KTFTPD_TEXT_H
#define KTFTPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A byte may become four characters. */
#define TEXT_SAFE_ROOM(bytes) (4 * (bytes) + 1)

/**
 * struct text - a text that grows
 * @at: its beginning; always terminated
 * @used: bytes of it, the NUL not counted
 * @room: of the buffer
 * @cut: something did not fit and is not there
 */
struct text {
	char *at;
	size_t used;
	size_t room;
	bool cut;
};

void text_init(struct text *text, char *buffer, size_t room);
/* Adds all of it or, when it does not fit, nothing. */
void text_bytes(struct text *text, const char *bytes, size_t count);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, and a backslash before each character that special has. */
void text_escaped(struct text *text, const char *string, const char *special);

/*
 * Makes bytes safe to show: control characters, what is no UTF-8, what breaks a line and what turns the direction of
 * writing become \xNN a byte; a backslash goes before each character that special has. What does not fit as a whole is
 * left out, and all that follows. Returns the length.
 */
size_t text_safe(char *out, size_t room, const char *in, size_t bytes, const char *special);

/* How much of a UTF-8 text goes into so many bytes without breaking a character. */
size_t text_whole(const char *text, size_t bytes);

#endif
