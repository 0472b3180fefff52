/* SPDX-License-Identifier: GPL-2.0 */
/* Inside the publisher: the names, what they are to be, and what the module has of them. */
#ifndef KTFTPD_PUBLISHER_PINS_H
#define KTFTPD_PUBLISHER_PINS_H

#include "change.h"

/**
 * enum pin_held - what the module has under a name
 * @PIN_NONE: nothing
 * @PIN_SAME: the content that it is to have, from us
 * @PIN_OTHER: something else that is from us: it has to go
 * @PIN_FOREIGN: something that is from somebody else, who knows better
 */
enum pin_held {
	PIN_NONE,
	PIN_SAME,
	PIN_OTHER,
	PIN_FOREIGN,
};

/**
 * struct pin - a name that is in the folder, or in the module, or was until just now
 * @next: in its bucket
 * @file: its content, while @exists
 * @score: how much it is asked for, see hot.h
 * @hits: requests that the module had counted when it was last looked at
 * @pack: which piece of shared memory its copy is in, 0 for none; as of the last look
 * @held_bytes: memory of its own that it takes in the module, that of shared pieces not counted
 * @thing: where it is among what is chosen from, while that goes on
 * @look: the last look that saw it in the module
 * @refusal: the error that was noted when it was last refused, or 0
 * @held: enum pin_held
 * @exists: it is in the folder
 * @is_wanted: the module is to have it
 * @is_left_out: there is no room for it, or it was refused, while a set is made
 * @is_counted: @hits is of the entry that the module has
 * @is_told: who listens believes that the module serves it
 * @is_foreign_noted: that it is somebody else's was said
 * @is_listed: it is among those that are changed just now
 * @view: its view
 * @name: its name, behind the struct
 */
struct pin {
	struct pin *next;
	struct folder_file file;
	uint64_t score;
	uint64_t hits;
	size_t pack;
	uint64_t held_bytes;
	size_t thing;
	uint32_t look;
	int refusal;
	enum pin_held held;
	bool exists : 1;
	bool is_wanted : 1;
	bool is_left_out : 1;
	bool is_counted : 1;
	bool is_told : 1;
	bool is_foreign_noted : 1;
	bool is_listed : 1;
	char view[KTFTP_LABEL_MAX + 1];
	char name[];
};

/**
 * struct pins - a table of them
 * @buckets: lists
 * @bucket_count: a power of 2, or 0
 * @count: pins
 */
struct pins {
	struct pin **buckets;
	size_t bucket_count;
	size_t count;
};

/**
 * struct pin_list - some of them
 * @pins: them
 * @count: how many
 */
struct pin_list {
	struct pin **pins;
	size_t count;
};

typedef bool (*pin_filter)(const struct pin *pin);

struct pin *pins_find(const struct pins *pins, const char *view, const char *name);
struct pin *pins_get(struct pins *pins, const char *view, const char *name);
void pins_drop(struct pins *pins, struct pin *pin);
void pins_free(struct pins *pins);
struct pin *pins_next(const struct pins *pins, const struct pin *pin);
int pins_list(const struct pins *pins, pin_filter filter, struct pin_list *list);
void pin_list_sort(struct pin_list *list);

int pin_set_file(struct pin *pin, const struct folder_file *file);

#endif
