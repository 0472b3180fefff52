// SPDX-License-Identifier: GPL-2.0
/* The guard against boot loops: when its marker is set, when it trips, and who takes it away. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../unit/unit.h"

#include "system/guard.h"
#include "system/marker.h"

#define OTHER_BOOT "00000000-1111-2222-3333-444444444444"

static char why[512];

/* A state directory of the test's own. */
static struct config new_state(void)
{
	char *path = strdup("/tmp/ktftp-guard.XXXXXX");

	assert_non_null(mkdtemp(path));
	return (struct config){ .state_dir = path };
}

static void remove_state(struct config *config)
{
	DIR *list = opendir(config->state_dir);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
	rmdir(config->state_dir);
	free(config->state_dir);
}

static char *in_state(const struct config *config, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", config->state_dir, name) > 0);
	return path;
}

static void write_marker_text(const struct config *config, const char *text)
{
	char *path = in_state(config, "guard");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static bool is_marked(const struct config *config)
{
	char *path = in_state(config, "guard");
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static struct marker read_marker(const struct config *config)
{
	int directory = open(config->state_dir, O_RDONLY | O_DIRECTORY);
	struct marker marker;

	assert_int_equal(marker_read(directory, &marker), 0);
	close(directory);
	return marker;
}

CASE(begin_sets_a_marker_of_this_boot)
{
	struct config config = new_state();
	struct marker now, found;

	assert_int_equal(marker_now(&now), 0);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_string_equal(why, "");
	found = read_marker(&config);
	assert_string_equal(found.boot, now.boot);
	assert_string_equal(found.kernel, now.kernel);
	assert_string_equal(found.module, now.module);
	assert_true(*found.boot && *found.kernel && *found.module && *found.time);
	remove_state(&config);
}

CASE(a_daemon_that_starts_again_in_the_same_boot_does_not_trip)
{
	struct config config = new_state();

	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_string_equal(why, "");
	remove_state(&config);
}

CASE(marker_of_another_boot_trips_and_says_of_which)
{
	struct config config = new_state();

	write_marker_text(&config,
			  "# x\nboot=" OTHER_BOOT "\ntime=2031-02-03T04:05:06Z\nkernel=6.9.9-x\nmodule=7.8.9\n");
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_TRIPPED);
	assert_non_null(strstr(why, "2031-02-03T04:05:06Z"));
	assert_non_null(strstr(why, "6.9.9-x"));
	assert_non_null(strstr(why, "7.8.9"));
	assert_non_null(strstr(why, "ktftpctl guard clear"));
	remove_state(&config);
}

CASE(tripped_guard_stays_over_starts_and_clean_ends)
{
	struct config config = new_state();

	write_marker_text(&config, "boot=" OTHER_BOOT "\n");
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_TRIPPED);
	assert_int_equal(guard_end(&config), 0);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_TRIPPED);
	assert_string_equal(read_marker(&config).boot, OTHER_BOOT);
	remove_state(&config);
}

CASE(operator_clears_a_tripped_guard)
{
	struct config config = new_state();

	write_marker_text(&config, "boot=" OTHER_BOOT "\n");
	assert_int_equal(guard_clear(&config), 0);
	assert_false(is_marked(&config));
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	remove_state(&config);
}

CASE(clearing_what_is_clear_is_no_error)
{
	struct config config = new_state();

	assert_int_equal(guard_clear(&config), 0);
	assert_int_equal(guard_end(&config), 0);
	remove_state(&config);
}

CASE(clean_end_takes_the_marker_of_this_boot)
{
	struct config config = new_state();

	guard_begin(&config, why, sizeof(why));
	assert_true(is_marked(&config));
	assert_int_equal(guard_end(&config), 0);
	assert_false(is_marked(&config));
	remove_state(&config);
}

static void marker_trips(const char *text)
{
	struct config config = new_state();

	write_marker_text(&config, text);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_TRIPPED);
	remove_state(&config);
}

CASE(marker_that_cannot_be_understood_trips)
{
	marker_trips("");
	marker_trips("boot=\n");
	marker_trips("boot\n=\n\n");
	marker_trips("time=2031-02-03T04:05:06Z\nkernel=6.9.9\n");
}

CASE(marker_with_long_lines_is_read_without_harm)
{
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(text, "boot=", 5);
	marker_trips(text);
	memcpy(text + 1000, "=\n", 2);
	marker_trips(text);
}

/* Root sets it in a directory of the daemon's user, who may have put a link there. */
CASE(no_link_is_followed)
{
	struct config config = new_state();
	char *victim = in_state(&config, "victim"), *marker = in_state(&config, "guard");
	char *new = in_state(&config, "guard.new");
	struct stat status;

	close(open(victim, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(symlink(victim, new), 0);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_int_equal(stat(victim, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(lstat(marker, &status), 0);
	assert_true(S_ISREG(status.st_mode));

	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_int_equal(rename(marker, victim), 0);
	assert_int_equal(symlink(victim, marker), 0);
	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_TRIPPED);
	free(victim);
	free(marker);
	free(new);
	remove_state(&config);
}

/* The state directory became one below the run directory, which is the daemon's user's. */
CASE(link_in_place_of_a_moved_state_directory_is_not_followed)
{
	struct config config = new_state(), victim = new_state();
	struct config moved = { .state_dir = in_state(&config, "state"), .state_moved = true };
	const struct config named = { .state_dir = moved.state_dir };

	write_marker_text(&victim, "boot=" OTHER_BOOT "\n");
	assert_int_equal(symlink(victim.state_dir, moved.state_dir), 0);
	assert_int_equal(guard_begin(&moved, why, sizeof(why)), GUARD_CLEAR);
	assert_string_not_equal(why, "");
	assert_true(guard_clear(&moved) < 0);
	assert_true(is_marked(&victim));
	assert_int_equal(guard_begin(&named, why, sizeof(why)), GUARD_TRIPPED);
	free(moved.state_dir);
	remove_state(&victim);
	remove_state(&config);
}

CASE(state_directory_that_is_missing_is_told_and_does_not_trip)
{
	struct config config = { .state_dir = "/nonexistent/ktftp" };

	assert_int_equal(guard_begin(&config, why, sizeof(why)), GUARD_CLEAR);
	assert_non_null(strstr(why, "/nonexistent/ktftp/guard: No such file"));
	assert_int_equal(guard_clear(&config), -ENOENT);
}

CASE(quiet_time_clears_the_marker_and_not_sooner)
{
	const struct timeval quiet = { .tv_usec = 300000 };
	struct event_base *base = event_base_new();
	struct config config = new_state();

	guard_begin(&config, why, sizeof(why));
	assert_int_equal(guard_watch_for(base, &config, &quiet), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_true(is_marked(&config));
	event_base_dispatch(base);
	assert_false(is_marked(&config));
	event_base_free(base);
	remove_state(&config);
}

CASE(quiet_time_leaves_a_tripped_guard_alone)
{
	const struct timeval quiet = { .tv_usec = 1000 };
	struct event_base *base = event_base_new();
	struct config config = new_state();

	write_marker_text(&config, "boot=" OTHER_BOOT "\n");
	assert_int_equal(guard_watch_for(base, &config, &quiet), 0);
	event_base_dispatch(base);
	assert_true(is_marked(&config));
	event_base_free(base);
	remove_state(&config);
}

/* The loop ends before the time is over, the configuration was another one by then. */
CASE(watch_that_never_ends_leaks_nothing)
{
	struct event_base *base = event_base_new();
	struct config config = new_state();

	guard_begin(&config, why, sizeof(why));
	assert_int_equal(guard_watch(base, &config), 0);
	remove_state(&config);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}

static const struct unit_case cases[] = {
	RUN(begin_sets_a_marker_of_this_boot),
	RUN(a_daemon_that_starts_again_in_the_same_boot_does_not_trip),
	RUN(marker_of_another_boot_trips_and_says_of_which),
	RUN(tripped_guard_stays_over_starts_and_clean_ends),
	RUN(operator_clears_a_tripped_guard),
	RUN(clearing_what_is_clear_is_no_error),
	RUN(clean_end_takes_the_marker_of_this_boot),
	RUN(marker_that_cannot_be_understood_trips),
	RUN(marker_with_long_lines_is_read_without_harm),
	RUN(no_link_is_followed),
	RUN(link_in_place_of_a_moved_state_directory_is_not_followed),
	RUN(state_directory_that_is_missing_is_told_and_does_not_trip),
	RUN(quiet_time_clears_the_marker_and_not_sooner),
	RUN(quiet_time_leaves_a_tripped_guard_alone),
	RUN(watch_that_never_ends_leaks_nothing),
	{},
};

SUITE(guard, cases);
