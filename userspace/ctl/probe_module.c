// SPDX-License-Identifier: GPL-2.0
/* Looking at the module: loaded, on disk, in DKMS; whether the machine would take it; the guard. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "probe.h"

#define VERSION_FILE "/sys/module/ktftp/version"
#define BOOT_ID      "/proc/sys/kernel/random/boot_id"
#define EFI          "/sys/firmware/efi"
#define SECURE_BOOT  EFI "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define TRUSTED_KEYS EFI "/mok-variables/MokListRT"
#define MOST_BYTES   (1 << 20)

/* ---- loaded and on disk ---- */

static void keep_line(char *out, size_t room, const char *text)
{
	snprintf(out, room, "%.*s", (int)strcspn(text, "\n"), text);
}

static void probe_loaded(struct ctl *ctl, struct module_facts *m)
{
	struct ktftp_info info;
	char why[256];

	if (!try_module(ctl, why, sizeof(why)) && !ktftp_info_get(ctl->k, &info))
		snprintf(m->version, sizeof(m->version), "%s", info.version);
	else
		read_line(VERSION_FILE, m->version, sizeof(m->version));
	m->loaded = *m->version ? YES : access("/sys/module", F_OK) ? NOT_KNOWN : NO;
}

/* A field of the module file for the running kernel; what modinfo ended with. */
static int ask_modinfo(const char *kernel, const char *field, char *out, size_t room)
{
	const char *const arguments[] = { "modinfo", "-k", kernel, "-F", field, "ktftp", NULL };
	char *text;
	int err = read_program(arguments, &text);

	if (!err)
		keep_line(out, room, text);
	free(text);
	return err;
}

static void probe_file(struct module_facts *m)
{
	char path[TEXT_ROOM];
	int err;

	/* Without the folder of the running kernel, as in a container, nothing can be said. */
	snprintf(path, sizeof(path), "/lib/modules/%s", m->kernel);
	if (access(path, F_OK))
		return;
	err = ask_modinfo(m->kernel, "version", m->file_version, sizeof(m->file_version));
	m->has_file = !err ? YES : err > 0 ? NO : NOT_KNOWN;
	if (m->has_file == YES)
		ask_modinfo(m->kernel, "signer", m->signer, sizeof(m->signer));
}

/* "ktftp/0.1.0, 6.1.0-1-amd64, x86_64: installed", or "ktftp/0.1.0: added" */
static void probe_dkms(struct module_facts *m)
{
	const char *const arguments[] = { "dkms", "status", "-m", "ktftp", NULL };
	const char *version;
	char *text;

	if (read_program(arguments, &text) >= 0) {
		version = text ? strstr(text, "ktftp/") : NULL;
		m->in_dkms = version ? YES : NO;
		if (version)
			snprintf(m->dkms_version, sizeof(m->dkms_version), "%.*s", (int)strcspn(version + 6, ",: \n"),
				 version + 6);
	}
	free(text);
}

/* ---- signatures ---- */

/* What the firmware says: four bytes of attributes and then 0 or 1. */
static enum answer probe_secure_boot(void)
{
	uint8_t bytes[5];
	ssize_t n;
	int fd;

	if (access(EFI, F_OK))
		return NO;
	fd = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NOT_KNOWN;
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n != sizeof(bytes) ? NOT_KNOWN : bytes[4] ? YES : NO;
}

static enum answer probe_enforcement(void)
{
	char line[8];

	if (read_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line)))
		return NOT_KNOWN;
	return *line == 'Y' ? YES : NO;
}

static char *read_bytes(const char *path, size_t *count)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = fd < 0 ? NULL : malloc(MOST_BYTES);
	ssize_t n = 1;

	for (*count = 0; bytes && n > 0; *count += n > 0 ? n : 0)
		n = read(fd, bytes + *count, MOST_BYTES - *count);
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* The list holds certificates as they are. */
static enum answer is_trusted(const char *key_path)
{
	size_t key_bytes, list_bytes;
	char *key = read_bytes(key_path, &key_bytes), *list = read_bytes(TRUSTED_KEYS, &list_bytes);
	enum answer trusted = NOT_KNOWN;

	if (key && key_bytes && list)
		trusted = memmem(list, list_bytes, key, key_bytes) ? YES : NO;
	free(key);
	free(list);
	return trusted;
}

static void probe_key(struct module_facts *m)
{
	static const char *const paths[] = { "/var/lib/dkms/mok.pub", "/var/lib/shim-signed/mok/MOK.der" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths) && !*m->key_path; i++)
		if (!access(paths[i], F_OK))
			snprintf(m->key_path, sizeof(m->key_path), "%s", paths[i]);
	m->key_enrolled = *m->key_path ? is_trusted(m->key_path) : NOT_KNOWN;
}

/* ---- the guard ---- */

/* "boot=" in the marker that the daemon leaves while the module is in use, and removes at a clean end. */
static int read_marker(const char *path, char *boot, size_t room)
{
	FILE *file = fopen(path, "re");
	char line[256];

	*boot = 0;
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "boot=", 5))
			keep_line(boot, room, line + 5);
	fclose(file);
	return 0;
}

static void probe_guard(const struct facts *f, struct module_facts *m)
{
	char boot[SHORT_ROOM], now[SHORT_ROOM];
	int err;

	snprintf(m->guard_path, sizeof(m->guard_path), "%s/guard", f->daemon.state_dir);
	err = read_marker(m->guard_path, boot, sizeof(boot));
	if (err == -ENOENT)
		m->guard_tripped = NO;
	else if (!err && !read_line(BOOT_ID, now, sizeof(now)))
		m->guard_tripped = strcmp(boot, now) ? YES : NO;
}

void probe_module(struct ctl *ctl, struct facts *f)
{
	struct module_facts *m = &f->module;
	struct utsname host;

	if (!uname(&host))
		snprintf(m->kernel, sizeof(m->kernel), "%.63s", host.release);
	probe_loaded(ctl, m);
	probe_file(m);
	probe_dkms(m);
	m->secure_boot = probe_secure_boot();
	m->enforced = probe_enforcement();
	probe_key(m);
	probe_guard(f, m);
}
