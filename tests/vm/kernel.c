// SPDX-License-Identifier: GPL-2.0
/* What the kernel said while the script ran: warnings, oopses, reports of lockdep, sanitizers, leaks. */
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "init.h"

#define KMEMLEAK      "/sys/kernel/debug/kmemleak"

/* klogctl(2) */
#define READ_ALL      3
#define CONSOLE_LEVEL 8
#define SIZE_BUFFER   10

#define BEFORE        2  /* lines shown before a complaint */
#define AFTER         40 /* and after it */
#define MOST_LINES    400

static const char complaints[] =
	"WARNING: |BUG: |BUG [a-z_]|KASAN|UBSAN|KCSAN|Oops|Kernel panic|general protection fault"
	"|possible circular locking|possible recursive locking|inconsistent lock state|suspicious RCU usage"
	"|INFO: task .* blocked|rcu: INFO|refcount_t: |list_(add|del) corruption|ODEBUG|unreferenced object"
	"|leaked reference|unregister_netdevice: waiting|soft lockup|hard lockup|workqueue lockup"
	"|Objects remaining|still has objects|Call Trace|scheduling while atomic|sleeping function called"
	"|Bad page state|new suspected memory leaks|# .*: (ASSERTION|EXPECTATION) FAILED";

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		tell_stderr("vm: cannot write a file of the kernel's\n");
	close(fd);
}

/* Only warnings and worse on the console from here on; and no scans for leaks but ours, they take seconds. */
void quiet_kernel(void)
{
	klogctl(CONSOLE_LEVEL, NULL, 5);
	write_file(KMEMLEAK, "scan=off");
}

/* What kmemleak found goes to the kernel's log, where complaints are looked for. */
static void scan_for_leaks(void)
{
	char line[512];
	FILE *report, *log;

	if (access(KMEMLEAK, W_OK))
		return;
	/* Twice: what was in a register or on its way through RCU at the first is no leak at the second. */
	write_file(KMEMLEAK, "scan");
	usleep(500000);
	write_file(KMEMLEAK, "scan");
	report = fopen(KMEMLEAK, "re");
	while (report && fgets(line, sizeof(line), report)) {
		log = fopen("/dev/kmsg", "we");
		if (!log)
			break;
		fputs(line, log);
		fclose(log);
	}
	if (report)
		fclose(report);
}

static char *read_log(void)
{
	int room = klogctl(SIZE_BUFFER, NULL, 0), bytes;
	char *log = malloc(room + 1);

	bytes = log ? klogctl(READ_ALL, log, room) : -1;
	if (bytes < 0)
		fail("cannot read the kernel's log");
	log[bytes] = 0;
	return log;
}

static void show_line(const char *line)
{
	static int shown;

	if (shown++ >= MOST_LINES)
		return;
	tell_stderr(line);
	tell_stderr("\n");
}

/* Shows the lines that match and what is around them; true when there are any. */
static bool show_matches(char *log, const regex_t *pattern)
{
	const char *before[BEFORE] = {};
	size_t number = 0, i;
	bool found = false;
	char *line, *rest = log;
	int after = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (!regexec(pattern, line, 0, NULL, 0)) {
			if (!found)
				tell_stderr("vm: the kernel complained:\n");
			found = true;
			for (i = 0; !after && i < BEFORE; i++)
				if (before[(number + i) % BEFORE])
					show_line(before[(number + i) % BEFORE]);
			after = AFTER;
		}
		if (after) {
			show_line(line);
			after--;
		}
		before[number++ % BEFORE] = line;
	}
	return found;
}

bool kernel_complained(void)
{
	regex_t pattern;
	bool found;
	char *log;

	scan_for_leaks();
	if (regcomp(&pattern, complaints, REG_EXTENDED | REG_NOSUB))
		fail("bad pattern for complaints");
	log = read_log();
	found = show_matches(log, &pattern);
	free(log);
	regfree(&pattern);
	return found;
}
