# SPDX-License-Identifier: GPL-2.0
# make daemon-unit        unit tests of the daemon and the engine of user space, under sanitizers
# make asan               ktftpd and ktftpctl under sanitizers, in build/asan
# make engine-server      the engine of user space alone, serving a directory, for its tests

DAEMON_UNIT := $(patsubst tests/daemon/unit/%.c,%,$(wildcard tests/daemon/unit/*.c))
ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: asan daemon-unit daemon-unit-build engine-server

# The same makefile, other flags, another folder.
asan:
	@$(MAKE) -s B=build/asan CFLAGS='-O1 -g $(ASAN_FLAGS)' LDFLAGS='$(ASAN_FLAGS)' user daemon-unit-build

daemon-unit: asan
	@tests/daemon/run-unit

daemon-unit-build: $(DAEMON_UNIT:%=$(B)/daemon-unit/%)

$(B)/daemon-unit/%.o: tests/daemon/unit/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) -Iuserspace/shim -Iuserspace/ktftpd -Iuserspace/engine -Ikmod -Itests/unit $(CPPFLAGS_ALL) $(CFLAGS_ALL) \
		-MMD -c -o $@ $<

$(DAEMON_UNIT:%=$(B)/daemon-unit/%): $(B)/daemon-unit/%: $(B)/daemon-unit/%.o $(KTFTPD_ARCHIVES)
	$(CC) $(LDFLAGS) -o $@ $< $(KTFTPD_ARCHIVES) $(KTFTPD_LIBS) -lcmocka

engine-server: $(B)/daemon-programs/engine_server

$(B)/daemon-programs/%.o: tests/daemon/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) -Iuserspace/shim -Iuserspace/engine -Ikmod $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/daemon-programs/engine_server: $(B)/daemon-programs/engine_server.o $(ENGINE_OBJECTS) $(B)/gen/enum_names.o \
		$(B)/pure/libktftp-pure.a
	$(CC) $(LDFLAGS) -o $@ $^ -levent
