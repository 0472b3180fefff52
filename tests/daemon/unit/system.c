// SPDX-License-Identifier: GPL-2.0
/* What systemd is told, directories and whose they become, privileges that go. */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "../../unit/unit.h"

#include "system/system.h"

static char why[512];

/* ---- systemd ---- */

/* The socket of a service manager that the daemon is told of. */
static int new_manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char name[64];

	snprintf(name, sizeof(name), "@ktftp-notify-%d", getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void remove_manager(int fd)
{
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static const char *told(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = 0;
	return text;
}

CASE(systemd_is_told_of_each_step)
{
	int manager = new_manager();

	system_ready("serving");
	assert_string_equal(told(manager), "READY=1\nSTATUS=serving");
	system_status("drained");
	assert_string_equal(told(manager), "STATUS=drained");
	system_stopping();
	assert_string_equal(told(manager), "STOPPING=1");
	remove_manager(manager);
}

CASE(reload_is_told_with_its_time)
{
	int manager = new_manager();
	unsigned long long usec;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	system_reloading();
	assert_int_equal(sscanf(told(manager), "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	assert_true(usec / 1000000 >= (unsigned long long)now.tv_sec);
	assert_true(usec / 1000000 <= (unsigned long long)now.tv_sec + 60);
	remove_manager(manager);
}

CASE(status_with_a_newline_tells_nothing_else)
{
	int manager = new_manager();

	system_status("a\nSTOPPING=1");
	assert_string_equal(told(manager), "STATUS=a");
	remove_manager(manager);
}

CASE(without_systemd_nothing_happens)
{
	struct event_base *base = event_base_new();

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	system_ready("serving");
	system_reloading();
	system_stopping();
	assert_int_equal(system_watchdog_start(base), 0);
	/* No event: the loop has nothing to wait for. */
	assert_int_equal(event_base_dispatch(base), 1);
	event_base_free(base);
}

static void end_loop(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

CASE(watchdog_is_kept_quiet_as_long_as_the_loop_turns)
{
	const struct timeval while_turning = { .tv_usec = 450000 };
	struct event_base *base = event_base_new();
	int manager = new_manager(), count = 0;

	setenv("WATCHDOG_USEC", "100000", 1);
	assert_int_equal(system_watchdog_start(base), 0);
	event_base_once(base, -1, EV_TIMEOUT, end_loop, base, &while_turning);
	assert_int_equal(event_base_dispatch(base), 0);
	while (!strcmp(told(manager), "WATCHDOG=1"))
		count++;
	/* Every 50 ms, or less often on a machine that has other things to do. */
	assert_in_range(count, 2, 9);
	unsetenv("WATCHDOG_USEC");
	remove_manager(manager);
	event_base_free(base);
}

CASE(watchdog_of_another_process_is_none_of_ours)
{
	struct event_base *base = event_base_new();

	setenv("WATCHDOG_USEC", "1000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(system_watchdog_start(base), 0);
	assert_int_equal(event_base_dispatch(base), 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	event_base_free(base);
}

/* ---- directories ---- */

/* A place of the test's own, and a configuration with both directories in it. */
struct place {
	char path[64];
	struct config config;
};

static struct place new_place(void)
{
	struct place place = { .path = "/tmp/ktftp-system.XXXXXX" };

	assert_non_null(mkdtemp(place.path));
	chmod(place.path, 0755);
	assert_true(asprintf(&place.config.state_dir, "%s/var/lib/ktftp", place.path) > 0);
	assert_true(asprintf(&place.config.run_dir, "%s/run", place.path) > 0);
	return place;
}

static void remove_place(struct place *place)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place->path);
	assert_int_equal(system(command), 0);
	free(place->config.state_dir);
	free(place->config.run_dir);
	free(place->config.user);
}

static struct stat look_at(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status;
}

static void write_file(const char *directory, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

static uid_t owner_of(const char *directory, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return look_at(path).st_uid;
}

#define NOBODY 65534

static void need_root(void)
{
	if (geteuid())
		skip();
}

CASE(directories_are_made_with_what_is_above_them)
{
	struct place place = new_place();

	umask(022);
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	assert_int_equal(look_at(place.config.state_dir).st_mode, S_IFDIR | 0750);
	assert_int_equal(look_at(place.config.run_dir).st_mode, S_IFDIR | 0755);
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_false(place.config.state_moved);
	remove_place(&place);
}

CASE(state_that_cannot_be_written_moves_below_the_run_directory)
{
	struct place place = new_place();
	char expected[128];

	snprintf(expected, sizeof(expected), "%s/run/state", place.path);
	write_file(place.path, "var");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_string_equal(place.config.state_dir, expected);
	assert_true(place.config.state_moved);
	assert_int_equal(look_at(expected).st_mode, S_IFDIR | 0750);
	assert_non_null(strstr(why, "/var/lib/ktftp: Not a directory"));
	assert_non_null(strstr(why, expected));
	remove_place(&place);
}

CASE(run_directory_that_cannot_be_made_is_an_error_that_says_which_setting)
{
	struct place place = new_place();

	write_file(place.path, "run");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), -ENOTDIR);
	assert_non_null(strstr(why, "/run: Not a directory"));
	assert_non_null(strstr(why, "'run-dir'"));
	remove_place(&place);
}

CASE(what_root_made_becomes_the_users)
{
	struct place place = new_place();

	need_root();
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	write_file(place.config.state_dir, "file");
	place.config.user = strdup("nobody");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(look_at(place.config.state_dir).st_uid, NOBODY);
	assert_int_equal(look_at(place.config.run_dir).st_uid, NOBODY);
	assert_int_equal(owner_of(place.config.state_dir, "file"), NOBODY);
	remove_place(&place);
}

/* The user could have linked /etc/shadow there. */
CASE(files_with_another_name_and_what_links_point_to_are_not_given_away)
{
	struct place place = new_place();
	char inside[256], outside[256];

	need_root();
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	write_file(place.path, "secret");
	snprintf(outside, sizeof(outside), "%s/secret", place.path);
	snprintf(inside, sizeof(inside), "%s/hard", place.config.state_dir);
	assert_int_equal(link(outside, inside), 0);
	snprintf(inside, sizeof(inside), "%s/soft", place.config.state_dir);
	assert_int_equal(symlink(outside, inside), 0);
	place.config.user = strdup("nobody");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(owner_of(place.path, "secret"), 0);
	assert_int_equal(look_at(place.config.state_dir).st_uid, NOBODY);
	remove_place(&place);
}

CASE(directory_of_somebody_else_is_refused)
{
	struct place place = new_place();

	need_root();
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(chown(place.config.state_dir, 12345, 12345), 0);
	place.config.user = strdup("nobody");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "12345"));
	assert_int_equal(look_at(place.config.state_dir).st_uid, 12345);
	remove_place(&place);
}

CASE(link_in_place_of_the_moved_state_is_refused)
{
	struct place place = new_place();
	char link_path[128], target[128];

	need_root();
	snprintf(link_path, sizeof(link_path), "%s/state", place.config.run_dir);
	snprintf(target, sizeof(target), "%s/target", place.path);
	assert_int_equal(mkdir(target, 0755), 0);
	assert_int_equal(mkdir(place.config.run_dir, 0755), 0);
	assert_int_equal(symlink(target, link_path), 0);
	write_file(place.path, "var");
	place.config.user = strdup("nobody");
	assert_true(system_make_directories(&place.config, why, sizeof(why)) < 0);
	assert_int_equal(look_at(target).st_uid, 0);
	remove_place(&place);
}

/* ktftpd --load-module, before a daemon of another user: systemd made the run directory for that one. */
CASE(moved_state_belongs_to_whom_the_run_directory_does)
{
	struct place place = new_place();

	need_root();
	assert_int_equal(mkdir(place.config.run_dir, 0755), 0);
	assert_int_equal(chown(place.config.run_dir, NOBODY, NOBODY), 0);
	write_file(place.path, "var");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(look_at(place.config.state_dir).st_uid, NOBODY);
	assert_int_equal(look_at(place.config.run_dir).st_uid, NOBODY);
	remove_place(&place);
}

CASE(directories_of_another_user_stay_when_none_is_named)
{
	struct place place = new_place();

	need_root();
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(chown(place.config.state_dir, NOBODY, NOBODY), 0);
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), 0);
	assert_int_equal(look_at(place.config.state_dir).st_uid, NOBODY);
	remove_place(&place);
}

CASE(user_that_does_not_exist_is_said_with_a_way_out)
{
	struct place place = new_place();

	need_root();
	place.config.user = strdup("no-such-user");
	assert_int_equal(system_make_directories(&place.config, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "'no-such-user'"));
	assert_non_null(strstr(why, "systemd-sysusers"));
	remove_place(&place);
}

/* ---- privileges ---- */

#define KEPT_CAPABILITIES ((1ULL << 12) | (1ULL << 10) | (1ULL << 28))

static unsigned long long status_field(const char *field)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256], format[64];
	unsigned long long value = ~0ULL;

	snprintf(format, sizeof(format), "%s: %%llx", field);
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, format, &value);
	if (file)
		fclose(file);
	return value;
}

/* Runs what gives up privileges in a process of its own. */
static void in_a_child(int (*fn)(void))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(fn());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* cmocka's asserts are the parent's. */
#define MUST(condition)                                                         \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "# not so: %s; %s\n", #condition, why); \
			return 1;                                               \
		}                                                               \
	} while (0)

static int drop_to_nobody(void)
{
	struct config config = { .user = "nobody" };
	const gid_t privileged[] = { 0, 4 };
	uid_t uid, euid, suid;
	gid_t groups[8];

	MUST(setgroups(2, privileged) == 0);
	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	MUST(getresuid(&uid, &euid, &suid) == 0 && uid == NOBODY && euid == NOBODY && suid == NOBODY);
	MUST(getgid() == NOBODY);
	MUST(getgroups(8, groups) == 1 && groups[0] == NOBODY);
	MUST(status_field("CapEff") == KEPT_CAPABILITIES);
	MUST(status_field("CapPrm") == KEPT_CAPABILITIES);
	MUST(status_field("CapBnd") == KEPT_CAPABILITIES);
	MUST(status_field("CapInh") == 0);
	MUST(status_field("CapAmb") == 0);
	MUST(status_field("NoNewPrivs") == 1);
	MUST(setuid(0) != 0);
	MUST(access("/proc/self/fd/0", F_OK) == 0 || errno == ENOENT);
	MUST(open("/etc/shadow", O_RDONLY) < 0);
	return 0;
}

CASE(root_becomes_another_user_with_three_capabilities)
{
	need_root();
	in_a_child(drop_to_nobody);
}

static int drop_with_group(void)
{
	struct config config = { .user = "nobody", .group = "daemon" };

	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	MUST(getuid() == NOBODY);
	MUST(getgid() == 1);
	return 0;
}

CASE(group_of_the_configuration_is_taken)
{
	need_root();
	in_a_child(drop_with_group);
}

static int drop_and_stay_root(void)
{
	struct config config = {};

	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	MUST(getuid() == 0);
	MUST(status_field("CapEff") == KEPT_CAPABILITIES);
	MUST(status_field("CapPrm") == KEPT_CAPABILITIES);
	MUST(status_field("CapBnd") == KEPT_CAPABILITIES);
	return 0;
}

CASE(root_without_another_user_keeps_three_capabilities_as_well)
{
	need_root();
	in_a_child(drop_and_stay_root);
}

/* As systemd starts it, with ambient capabilities; then as a user without any. */
static int drop_as_user(void)
{
	struct config config = { .user = "nobody" };

	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	config.user = "root";
	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	MUST(getuid() == NOBODY);
	MUST(status_field("CapEff") == KEPT_CAPABILITIES);
	return 0;
}

CASE(who_is_not_root_stays_who_he_is)
{
	need_root();
	in_a_child(drop_as_user);
}

static int drop_without_capabilities(void)
{
	struct config config = {};

	MUST(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
	MUST(system_drop_privileges(&config, why, sizeof(why)) == 0);
	MUST(status_field("CapEff") == 0);
	MUST(status_field("CapPrm") == 0);
	MUST(status_field("NoNewPrivs") == 1);
	return 0;
}

CASE(who_has_no_capability_gets_none)
{
	need_root();
	in_a_child(drop_without_capabilities);
}

static int drop_to_unknown_user(void)
{
	struct config config = { .user = "no-such-user" };

	MUST(system_drop_privileges(&config, why, sizeof(why)) == -ENOENT);
	MUST(strstr(why, "no-such-user"));
	return 0;
}

CASE(user_to_become_must_exist)
{
	need_root();
	in_a_child(drop_to_unknown_user);
}

static struct place of_nobody;

static int stay_root_in_directories_of_nobody(void)
{
	MUST(system_drop_privileges(&of_nobody.config, why, sizeof(why)) == -EACCES);
	MUST(strstr(why, "65534") && strstr(why, "'user'"));
	return 0;
}

CASE(directory_that_root_could_only_write_by_its_capabilities_is_refused)
{
	need_root();
	of_nobody = new_place();
	assert_int_equal(system_make_directories(&of_nobody.config, why, sizeof(why)), 0);
	assert_int_equal(chown(of_nobody.config.state_dir, NOBODY, NOBODY), 0);
	in_a_child(stay_root_in_directories_of_nobody);
	remove_place(&of_nobody);
}

static void *wait_for_ever(void *nothing)
{
	pause();
	return nothing;
}

static int drop_with_thread(void)
{
	struct config config = { .user = "nobody" };
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	MUST(system_drop_privileges(&config, why, sizeof(why)) == -EBUSY);
	MUST(strstr(why, "threads"));
	return 0;
}

CASE(a_thread_that_would_keep_privileges_is_noticed)
{
	in_a_child(drop_with_thread);
}

static const struct unit_case cases[] = {
	RUN(systemd_is_told_of_each_step),
	RUN(reload_is_told_with_its_time),
	RUN(status_with_a_newline_tells_nothing_else),
	RUN(without_systemd_nothing_happens),
	RUN(watchdog_is_kept_quiet_as_long_as_the_loop_turns),
	RUN(watchdog_of_another_process_is_none_of_ours),
	RUN(directories_are_made_with_what_is_above_them),
	RUN(state_that_cannot_be_written_moves_below_the_run_directory),
	RUN(run_directory_that_cannot_be_made_is_an_error_that_says_which_setting),
	RUN(what_root_made_becomes_the_users),
	RUN(files_with_another_name_and_what_links_point_to_are_not_given_away),
	RUN(directory_of_somebody_else_is_refused),
	RUN(link_in_place_of_the_moved_state_is_refused),
	RUN(moved_state_belongs_to_whom_the_run_directory_does),
	RUN(directories_of_another_user_stay_when_none_is_named),
	RUN(user_that_does_not_exist_is_said_with_a_way_out),
	RUN(root_becomes_another_user_with_three_capabilities),
	RUN(group_of_the_configuration_is_taken),
	RUN(root_without_another_user_keeps_three_capabilities_as_well),
	RUN(who_is_not_root_stays_who_he_is),
	RUN(who_has_no_capability_gets_none),
	RUN(user_to_become_must_exist),
	RUN(directory_that_root_could_only_write_by_its_capabilities_is_refused),
	RUN(a_thread_that_would_keep_privileges_is_noticed),
	{},
};

SUITE(system, cases);
