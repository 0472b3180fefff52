# SPDX-License-Identifier: GPL-2.0
# make daemon-unit        unit tests of the daemon and the engine of user space, under sanitizers
# make asan               ktftpd and ktftpctl under sanitizers, in build/asan

DAEMON_UNIT := $(patsubst tests/daemon/unit/%.c,%,$(wildcard tests/daemon/unit/*.c))
ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: asan daemon-unit daemon-unit-build

# The same makefile, other flags, another folder.
asan:
	@$(MAKE) -s B=build/asan CFLAGS='-O1 -g $(ASAN_FLAGS)' LDFLAGS='$(ASAN_FLAGS)' user daemon-unit-build

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

# The folder without the daemon, for tests/daemon/folder.sh.
$(B)/daemon-unit/folder_driver.o $(B)/daemon-unit/no_publisher.o: $(B)/daemon-unit/%.o: tests/daemon/%.c \
		$(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) -Iuserspace/shim -Iuserspace/ktftpd -Iuserspace/engine -Ikmod $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/bin/folder_driver: $(B)/daemon-unit/folder_driver.o $(B)/daemon-unit/no_publisher.o $(KTFTPD_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(KTFTPD_LIBS)

.PHONY: folder-driver
folder-driver:
	@$(MAKE) -s B=build/asan CFLAGS='-O1 -g $(ASAN_FLAGS)' LDFLAGS='$(ASAN_FLAGS)' build/asan/bin/folder_driver
