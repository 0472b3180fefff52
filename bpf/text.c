// SPDX-License-Identifier: GPL-2.0
/* An interval as tables: all of it, or what the screen has room for. */
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

#define BAR 40

struct screen {
	bool terminal;
	int columns;
	int rows; /* left */
};

static struct screen screen(bool terminal)
{
	struct screen screen = { .terminal = terminal, .columns = 1000, .rows = 1 << 30 };
	struct winsize size;

	if (!terminal)
		return screen;
	screen.columns = 80;
	screen.rows = 24;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col) {
		screen.columns = size.ws_col;
		screen.rows = size.ws_row;
	}
	/* The cursor stays in the last one. */
	screen.rows--;
	return screen;
}

/* A line, cut at the edge; whatever stood there before is cleared. */
static void line(struct screen *screen, const char *text)
{
	if (screen->rows-- <= 0)
		return;
	printf("%.*s%s\n", screen->columns, text, screen->terminal ? "\033[K" : "");
}

const char *show_peer(const struct top_row *row, char *out, size_t room)
{
	uint64_t halves[2] = { htobe64(row->peer_high), htobe64(row->peer_low) };
	uint8_t bytes[sizeof(halves)];
	bool ipv4 = !row->peer_high && row->peer_low >> 32 == 0xffff;

	memcpy(bytes, halves, sizeof(bytes));
	if (!inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? bytes + 12 : bytes, out, room))
		snprintf(out, room, "?");
	return out;
}

static const char *show_name(const struct top_row *row, char *out, size_t room)
{
	size_t i;

	for (i = 0; row->name[i] && i + 1 < room; i++)
		out[i] = (unsigned char)row->name[i] < 0x20 || (unsigned char)row->name[i] == 0x7f ? '?' : row->name[i];
	out[i] = 0;
	return out;
}

static const char *show_rate(double bytes_per_s, char *out, size_t room)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes_per_s >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		bytes_per_s /= 1024;
		unit++;
	}
	snprintf(out, room, unit ? "%.1f %s/s" : "%.0f %s/s", bytes_per_s, units[unit]);
	return out;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_totals(struct screen *screen, const struct top_interval *interval)
{
	const struct top_totals *sum = &interval->totals;
	char text[256], rate[32], clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	snprintf(text, sizeof(text),
		 "ktftp-top %s, %.1f s: %llu transfers running, %llu requests, %llu began, %llu ended", clock,
		 interval->seconds, (unsigned long long)interval->running, (unsigned long long)sum->requests,
		 (unsigned long long)sum->starts, (unsigned long long)sum->ends);
	line(screen, text);
	snprintf(text, sizeof(text), "%.0f blocks/s, %s, %llu repeats (%.2f%%), %llu acks, %llu stray",
		 sum->blocks / interval->seconds, show_rate(sum->bytes / interval->seconds, rate, sizeof(rate)),
		 (unsigned long long)sum->repeats, percent(sum->repeats, sum->blocks), (unsigned long long)sum->acks,
		 (unsigned long long)sum->stray_acks);
	line(screen, text);
	if (!sum->untold)
		return;
	snprintf(text, sizeof(text), "no room for more than %d transfers: %llu events are in the totals alone",
		 TOP_TRANSFERS, (unsigned long long)sum->untold);
	line(screen, text);
}

static void print_row(struct screen *screen, const struct top_row *row, double seconds, const char *label)
{
	char text[512], rate[32];

	snprintf(text, sizeof(text), "%9llu %9llu %9.0f %14s %8llu  %s", (unsigned long long)row->transfers,
		 (unsigned long long)row->hits, row->blocks / seconds,
		 show_rate(row->bytes / seconds, rate, sizeof(rate)), (unsigned long long)row->repeats, label);
	line(screen, text);
}

static void print_rows(struct screen *screen, const struct top_rows *rows, int room, double seconds, const char *title)
{
	char text[512], label[300];
	size_t i;

	line(screen, "");
	snprintf(text, sizeof(text), "%9s %9s %9s %14s %8s  %s", "TRANSFERS", "NEW", "BLOCKS/S", "BYTES/S", "REPEATS",
		 title);
	line(screen, text);
	for (i = 0; i < rows->count && room > 0; i++, room--)
		print_row(screen, &rows->row[i], seconds,
			  rows->row[i].name ? show_name(&rows->row[i], label, sizeof(label)) :
					      show_peer(&rows->row[i], label, sizeof(label)));
}

/* From the first bucket that has something to the last. */
static void buckets_used(const struct top_totals *sum, int *first, int *end)
{
	*first = 0;
	*end = TOP_BUCKETS;
	while (*first < TOP_BUCKETS && !sum->rtt[*first])
		++*first;
	while (*end > *first && !sum->rtt[*end - 1])
		--*end;
}

static void print_round_trips(struct screen *screen, const struct top_totals *sum)
{
	static const char bar[BAR + 1] = "########################################";
	uint64_t most = 0;
	int first, end, i;
	char text[128];

	buckets_used(sum, &first, &end);
	for (i = first; i < end; i++)
		most = sum->rtt[i] > most ? sum->rtt[i] : most;
	line(screen, "");
	line(screen, "    ROUND TRIP FROM      ACKS");
	for (i = first; i < end; i++) {
		snprintf(text, sizeof(text), "%16llu us %9llu  %.*s", 1ull << i, (unsigned long long)sum->rtt[i],
			 (int)(BAR * sum->rtt[i] / most), bar);
		line(screen, text);
	}
}

/* Half of what is left of the screen for the clients, half for the files; either gets what the other does not need. */
static void share(const struct top_interval *interval, int rows, int *clients, int *files)
{
	int half = rows / 2;

	*clients = interval->clients.count > (size_t)half ? half : (int)interval->clients.count;
	*files = interval->files.count > (size_t)(rows - *clients) ? rows - *clients : (int)interval->files.count;
	if (interval->clients.count > (size_t)*clients)
		*clients = rows - *files;
}

/**
 * print_text() - show an interval to a person
 * @interval: interval
 * @terminal: repaint the screen instead of printing on
 */
void print_text(const struct top_interval *interval, bool terminal)
{
	struct screen to = screen(terminal);
	int first, end, headings = 2 + 3 * 2, clients, files;

	if (terminal)
		printf("\033[H");
	print_totals(&to, interval);
	buckets_used(&interval->totals, &first, &end);
	share(interval, to.rows > end - first + headings - 2 ? to.rows - (end - first) - headings + 2 : 0, &clients,
	      &files);
	print_rows(&to, &interval->clients, clients, interval->seconds, "CLIENT");
	print_rows(&to, &interval->files, files, interval->seconds, "FILE");
	print_round_trips(&to, &interval->totals);
	if (terminal)
		printf("\033[J");
	else
		putchar('\n');
}
