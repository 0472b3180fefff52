/* SPDX-License-Identifier: GPL-2.0 */
/* Contents that the engine served lately, kept open: many phones ask for the same file. The main thread's. */
#ifndef KTFTPD_CONTENTS_H
#define KTFTPD_CONTENTS_H

#include "content.h"
#include "folder/folder.h"

struct contents;

struct contents *contents_new(void);
void contents_free(struct contents *contents);
/* Return: a reference; NULL and errno when it cannot be opened. */
struct content *contents_open(struct contents *contents, const struct folder *folder, const struct folder_file *file);

#endif
