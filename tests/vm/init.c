// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's first and only process of ours, in the initramfs: puts the host's root together as the guest's,
 * read-only, with fresh places to write; runs the script; looks at what the kernel said meanwhile; tells the
 * rig how it ended. In C because on the debug kernel starting a process takes a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init.h"

/* What the rig says, from /vm.env: NAME=VALUE, each ended by NUL; ARG and SHOW may come more than once. */
struct setting {
	char *name;
	char *value;
};

static struct setting *settings;
static size_t setting_count;

void fail(const char *format, ...)
{
	va_list arguments;
	FILE *log;

	log = fopen("/dev/kmsg", "w");
	if (log) {
		fputs("ktftp-vm: ", log);
		va_start(arguments, format);
		vfprintf(log, format, arguments);
		va_end(arguments);
		fclose(log);
	}
	finish();
}

/* QEMU takes a reset for the end; a kernel without ACPI cannot power off. */
void finish(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

const char *setting(const char *name)
{
	size_t i;

	for (i = 0; i < setting_count; i++)
		if (!strcmp(settings[i].name, name))
			return settings[i].value;
	return "";
}

/* The values of a name that may come more than once, as an argument list behind @first and @second. */
char **setting_list(const char *name, char *first, char *second)
{
	char **list = calloc(setting_count + 3, sizeof(*list));
	size_t i, n = 0;

	if (!list)
		fail("no memory");
	list[n++] = first;
	list[n++] = second;
	for (i = 0; i < setting_count; i++)
		if (!strcmp(settings[i].name, name))
			list[n++] = settings[i].value;
	return list;
}

static void add_setting(char *text)
{
	char *equals = strchr(text, '=');

	settings = reallocarray(settings, setting_count + 1, sizeof(*settings));
	if (!settings || !equals)
		fail("bad settings");
	*equals = 0;
	settings[setting_count++] = (struct setting){ .name = text, .value = equals + 1 };
}

static void read_settings(void)
{
	FILE *file = fopen("/vm.env", "r");
	char *text = NULL;
	size_t room = 0;

	if (!file)
		fail("booted, with nothing to run");
	while (getdelim(&text, &room, 0, file) >= 0) {
		add_setting(text);
		text = NULL;
		room = 0;
	}
	free(text);
	fclose(file);
}

static void load_module(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/lib/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		fail("cannot load %s: %s", name, strerror(errno));
	close(fd);
}

static void load_modules(void)
{
	FILE *file = fopen("/lib/order", "r");
	char name[128];

	while (file && fscanf(file, "%127s", name) == 1)
		load_module(name);
	if (file)
		fclose(file);
}

static void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	if (mount(source, target, type, flags, data))
		fail("cannot mount %s on %s: %s", source, target, strerror(errno));
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* mkdir -p */
static void make_directory(const char *path)
{
	char part[4096];
	char *slash;

	snprintf(part, sizeof(part), "%s", path);
	for (slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(part, 0755);
		*slash = '/';
	}
	mkdir(part, 0755);
}

/* A writable layer over the host's directory. */
static void overlay(const char *directory)
{
	static unsigned int number;
	char upper[64], work[64], options[512], target[256];
	struct stat status;

	snprintf(target, sizeof(target), "/old%s", directory);
	if (stat(target, &status))
		return;
	number++;
	snprintf(upper, sizeof(upper), "/overlay/%u", number);
	mkdir(upper, 0755);
	snprintf(upper, sizeof(upper), "/overlay/%u/upper", number);
	mkdir(upper, 0755);
	chmod(upper, status.st_mode & 07777);
	snprintf(work, sizeof(work), "/overlay/%u/work", number);
	mkdir(work, 0755);
	snprintf(options, sizeof(options), "lowerdir=/old%s,upperdir=%s,workdir=%s", directory, upper, work);
	snprintf(target, sizeof(target), "/root%s", directory);
	must_mount("overlay", target, "overlay", 0, options);
}

/* A path that a fresh file system hides is shown again, as the host has it. */
static void show(const char *path)
{
	static const char *const hidden[] = { "/run/", "/root/", "/mnt/", "/var/tmp/", "/tmp/", "/var/lib/", "/srv/" };
	char from[4096], to[4096], *slash;
	struct stat status;
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (!strncmp(path, hidden[i], strlen(hidden[i])))
			break;
	if (i == sizeof(hidden) / sizeof(*hidden))
		return;
	snprintf(from, sizeof(from), "/old%s", path);
	snprintf(to, sizeof(to), "/root%s", path);
	if (stat(from, &status))
		fail("the host has no %s", path);
	if (S_ISDIR(status.st_mode)) {
		make_directory(to);
	} else {
		slash = strrchr(to, '/');
		*slash = 0;
		make_directory(to);
		*slash = '/';
		if (!exists(to))
			close(open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	}
	must_mount(from, to, NULL, MS_BIND, NULL);
}

static void show_kernel_modules(void)
{
	struct utsname name;
	char from[4096], to[4096];

	uname(&name);
	snprintf(from, sizeof(from), "/old%s", setting("MODULES"));
	snprintf(to, sizeof(to), "/root/lib/modules/%s", name.release);
	make_directory(to);
	must_mount(from, to, NULL, MS_BIND, NULL);
}

static void build_root(void)
{
	static const char *const fresh[] = { "/root/run", "/root/root", "/root/mnt", "/root/var/tmp" };
	static const char *const writable[] = { "/tmp", "/srv", "/var/lib", "/etc" };
	char **list;
	size_t i;

	must_mount("root", "/root", "9p", MS_RDONLY, "trans=virtio,version=9p2000.L,msize=262144,cache=loose");
	must_mount("/root", "/old", NULL, MS_BIND, NULL);
	must_mount("overlay", "/overlay", "tmpfs", 0, "size=75%");
	for (i = 0; i < sizeof(fresh) / sizeof(*fresh); i++)
		if (exists(fresh[i]))
			must_mount("tmpfs", fresh[i], "tmpfs", 0, i == 3 ? "mode=1777" : "mode=755");
	for (i = 0; i < sizeof(writable) / sizeof(*writable); i++)
		overlay(writable[i]);
	/* Where modules are shown must exist, and the host's root is read-only. */
	if (!exists("/old/lib/modules"))
		overlay("/usr/lib");
	make_directory("/root/etc/ktftp");
	make_directory("/root/run/lock");
	show_kernel_modules();
	show(setting("TREE"));
	show(setting("CACHE"));
	show(setting("SCRIPT"));
	for (list = setting_list("SHOW", "", "") + 2; *list; list++)
		show(*list);
	umount2("/old", MNT_DETACH);
}

/* As switch_root(8), but for the process: it stays. */
static void enter_root(void)
{
	must_mount("/dev", "/root/dev", NULL, MS_MOVE, NULL);
	must_mount("/proc", "/root/proc", NULL, MS_MOVE, NULL);
	must_mount("/sys", "/root/sys", NULL, MS_MOVE, NULL);
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("cannot enter the root: %s", strerror(errno));
}

static void mount_the_rest(void)
{
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		return;
}

/*
 * The first socket that wants time stamps makes the kernel patch its receive path, the last one that goes makes it
 * patch that back. An emulated processor that runs it at that moment now and then stumbles over the patch, so that
 * the guest dies ("Oops: int3"): while this one is open there is nothing to patch.
 */
static void keep_time_stamps(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)))
		fail("no socket with time stamps: %s", strerror(errno));
}

int main(void)
{
	int status;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	read_settings();
	load_modules();
	build_root();
	enter_root();
	mount_the_rest();
	bring_up_network();
	keep_time_stamps();
	open_channels();
	quiet_kernel();
	tell_rig("started\n");
	status = run_script();
	if (kernel_complained() && !*setting("ALLOW_WARNINGS"))
		status = 99;
	tell_end(status);
	/* The rig ends QEMU when it has passed on what is in flight. */
	for (;;)
		pause();
}
