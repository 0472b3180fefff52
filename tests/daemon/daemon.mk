# SPDX-License-Identifier: GPL-2.0
# make daemon-unit        unit tests of the daemon and the engine of user space, under sanitizers
# make asan               ktftpd and ktftpctl under sanitizers, in build/asan
# make engine-server      the engine of user space alone, serving a directory, for its tests

DAEMON_UNIT := $(patsubst tests/daemon/unit/%.c,%,$(wildcard tests/daemon/unit/*.c))
ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: asan daemon-unit daemon-unit-build engine-server folder-driver

# The same makefile, other flags, another folder.
asan:
	@$(MAKE) -s B=build/asan CFLAGS='-O1 -g $(ASAN_FLAGS)' LDFLAGS='$(ASAN_FLAGS)' user daemon-unit-build \
		engine-server tftpload

daemon-unit: asan
	@tests/daemon/run-unit

daemon-unit-build: $(DAEMON_UNIT:%=$(B)/daemon-unit/%)

$(B)/daemon-unit/%.o: tests/daemon/unit/%.c $(B)/include/linux/ktftp.h | $(PURE_HEADERS)/stamp
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_DAEMON) -Itests/unit $(CFLAGS_ALL) -MMD -c -o $@ $<

$(DAEMON_UNIT:%=$(B)/daemon-unit/%): $(B)/daemon-unit/%: $(B)/daemon-unit/%.o $(KTFTPD_ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(KTFTPD_ARCHIVES) $(KTFTPD_LIBS) -lcmocka

# What ktftpctl doctor makes of what it sees.
DOCTOR_OBJECTS := $(patsubst %,$(B)/ctl/%.o,findings firewall judge_daemon judge_host judge_module judge_network show \
	sockets)
$(B)/daemon-unit/control_doctor $(B)/daemon-unit/control_firewall: $(DOCTOR_OBJECTS)
$(B)/daemon-unit/control_doctor.o $(B)/daemon-unit/control_firewall.o: CPPFLAGS_DAEMON += -Iuserspace/ctl

# Parts of it alone, for tests: the folder's thread, the engine.
$(B)/daemon-programs/%.o: tests/daemon/%.c $(B)/include/linux/ktftp.h | $(PURE_HEADERS)/stamp
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_DAEMON) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/bin/folder_driver: $(B)/daemon-programs/folder_driver.o $(KTFTPD_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(KTFTPD_ARCHIVES) $(KTFTPD_LIBS)

folder-driver:
	@$(MAKE) -s B=build/asan CFLAGS='-O1 -g $(ASAN_FLAGS)' LDFLAGS='$(ASAN_FLAGS)' build/asan/bin/folder_driver

engine-server: $(B)/daemon-programs/engine_server

$(B)/daemon-programs/engine_server: $(B)/daemon-programs/engine_server.o $(ENGINE_OBJECTS) $(B)/gen/enum_names.o \
		$(B)/pure/libktftp-pure.a
	$(CC) $(LDFLAGS) -o $@ $^ -levent
