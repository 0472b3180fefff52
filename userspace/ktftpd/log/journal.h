/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: a line as the journal takes it, with its fields.
 *
 * The datagram is written here and not by sd_journal_sendv(), whose socket blocks: a journal that is stopped or behind
 * would stop downloads. Its format is one that systemd promises to keep (JOURNAL_NATIVE_PROTOCOL); no value of ours
 * has an end of line in it, so the plain form of it is enough.
 */
#ifndef KTFTPD_JOURNAL_H
#define KTFTPD_JOURNAL_H

#include "line.h"

#define JOURNAL_SOCKET      "/run/systemd/journal/socket"
#define JOURNAL_ROOM        (LINE_TEXT + LINE_VALUES + 1024)

/* Kinds of lines, for journalctl MESSAGE_ID=...; they never change. */
#define JOURNAL_ID_SAID     "b00b0596cd8c419a953dcfbd32d65c67"
#define JOURNAL_ID_TRANSFER "b38ade80204749c6805f862c34eef7d2"
#define JOURNAL_ID_MISS     "f4e40a72c0654b3788d0177520c8d705"
#define JOURNAL_ID_DROPPED  "85d39fc6280f459eb7698dc17b146692"

size_t journal_format(char out[JOURNAL_ROOM], const struct line *line);

#endif
