# Stepwell. `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
#
# A file is picked up by where it stands: every .c under asl/, store/, engine/ belongs to that room's
# library; every tests/**/test_*.c is a program of its own, linked with all rooms. Nothing is listed
# twice. VARIANT picks a build folder of its own: release (default), asan, fuzz, clang.

VARIANT ?= release
BUILD   := build/$(VARIANT)
WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -Werror
CFLAGS_release := -O2 -g -DNDEBUG -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-plt
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
                  -fno-sanitize-recover=all
CFLAGS_clang   := -O2 -g
LDFLAGS_asan   := -fsanitize=address,undefined
LDFLAGS_fuzz   := -fsanitize=address,undefined
ifneq (,$(filter fuzz clang,$(VARIANT)))
CC := clang
else
CC ?= gcc
endif

# asl: pure, standard C and POSIX strings. store: SQLite. engine: the world.
CPPFLAGS_asl    := -D_POSIX_C_SOURCE=200809L
CPPFLAGS_store  := -D_GNU_SOURCE -Istore
CPPFLAGS_engine := -D_GNU_SOURCE -I.
CPPFLAGS_tests  := -D_GNU_SOURCE -I. -Itests
BASE    = -std=c11 -MMD -MP $(WARN) $(CFLAGS_$(VARIANT)) $(CFLAGS)
LDLIBS := -lcurl -lcrypto -lssl -lsqlite3 -levent_core -lpcre2-8 -lexpat -lz -ledit -lm -lpthread

rooms   := asl store engine
find     = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
objects  = $(patsubst %.c,$(BUILD)/%.o,$(1))
asl_src    := $(call find,asl)
store_src  := $(call find,store)
engine_src := $(filter-out engine/cli/main.c engine/aws/catalogue/renew.c,$(call find,engine))
test_src   := $(sort $(shell find tests -name 'test_*.c' 2>/dev/null))
test_bin   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(test_src))
fuzz_src   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
fuzz_bin   := $(patsubst tests/%.c,build/fuzz/tests/%,$(fuzz_src))
helper_src := $(filter-out $(test_src) $(fuzz_src) $(wildcard tests/bench/*.c),$(call find,tests))
libs       := $(BUILD)/libengine.a $(BUILD)/libstore.a $(BUILD)/libasl.a

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help deps run test conformance fuzz bench format install uninstall clean

all: check-deps build/stepwell

help:
	@echo 'make              builds build/stepwell'
	@echo 'make run          runs the incremental export off-cloud, to its end'
	@echo 'make test         everything that must pass, with a closing count'
	@echo 'make conformance  the recordings of AWS, a table per group'
	@echo 'make fuzz         every fuzz target (FUZZ="jsonata ..." picks), FUZZ_SECONDS=60 each'
	@echo 'make bench        ratios against peers and physical limits; build/bench.json'
	@echo 'make format       lays the code out (clang-format 14)'
	@echo 'make install      PREFIX=/usr/local: program, man page, completions, systemd unit'
	@echo 'make deps         installs what is missing, where it may'
	@echo 'VARIANT=release|asan|clang|fuzz picks the build'

# ---- what must be there: Debian packages, by the library that needs them (README: Dependencies) ----
BUILD_PACKAGES := gcc libc6-dev pkg-config libcurl4-openssl-dev libssl-dev libsqlite3-dev \
                  libevent-dev libpcre2-dev libexpat1-dev zlib1g-dev libedit-dev
TEST_PACKAGES  := libcmocka-dev ca-certificates
missing = $(if $(shell command -v dpkg-query),$(shell for p in $(1); do \
            dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done))
define install_missing
@set -e; missing="$(strip $(call missing,$(1)))"; \
if [ -n "$$missing" ]; then \
    if [ "$$(id -u)" = 0 ]; then \
        echo "installing: $$missing"; \
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
          apt-get install -y -qq --no-install-recommends $$missing; } >build-install.log 2>&1 || \
            { cat build-install.log; exit 1; }; rm -f build-install.log; \
    else \
        echo "Missing packages. To install them, paste this line:" >&2; \
        echo "  sudo apt-get install -y $$missing" >&2; exit 1; \
    fi; \
fi
endef

# Programs that some tests talk to, each with its package: installed where that may be, else those tests
# are skipped and say so.
TEST_PARTIES := node:nodejs npm:npm aws:awscli curl:curl python3:python3 chromium:chromium xz:xz-utils
define install_parties
@missing=""; for p in $(TEST_PARTIES); do \
    command -v $${p%%:*} >/dev/null || missing="$$missing $${p##*:}"; \
done; \
if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "installing, for tests only:$$missing"; \
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $$missing; } >build-install.log 2>&1 || \
        { tail -n 3 build-install.log; echo "not installed:$$missing; their tests are skipped"; }; \
    rm -f build-install.log; \
fi
endef

.PHONY: check-deps test-deps
check-deps:
	@missing="$(strip $(call missing,$(BUILD_PACKAGES)))"; if [ -n "$$missing" ]; then \
	    echo "Missing packages. To install them, paste this line:" >&2; \
	    echo "  sudo apt-get install -y $$missing" >&2; \
	    echo "or run: sudo make deps" >&2; exit 1; fi
deps:
	$(call install_missing,$(BUILD_PACKAGES))
test-deps:
	$(call install_missing,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	$(install_parties)

build/stepwell: $(BUILD)/stepwell
	@ln -sf $(VARIANT)/stepwell $@

$(BUILD)/stepwell: $(BUILD)/engine/cli/main.o $(libs)
	$(CC) $(CFLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) -o $@ $^ $(LDLIBS)

$(BUILD)/libasl.a: $(call objects,$(asl_src))
$(BUILD)/libstore.a: $(call objects,$(store_src))
$(BUILD)/libengine.a: $(call objects,$(engine_src))
$(BUILD)/libtests.a: $(call objects,$(helper_src))
$(BUILD)/lib%.a:
	@rm -f $@; ar rcs $@ $^

define room_rule
$(BUILD)/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) $$(CPPFLAGS_$(1)) -c -o $$@ $$<
endef
$(foreach room,$(rooms) tests,$(eval $(call room_rule,$(room))))

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libtests.a $(libs)
	$(CC) $(CFLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) -o $@ $^ -lcmocka $(LDLIBS)

.PHONY: tests
tests: $(test_bin)

# ---- using it ----
# The article's workflow. TIME=real waits its minutes, TIME=x10 makes them six seconds each.
TIME ?= skip
run: deps
	@$(MAKE) --no-print-directory -s build/stepwell
	@sh definitions/incremental-export/run.sh build/stepwell $(TIME)

# ---- testing it ----
# Programs with the sanitizers on, then the scripts against the program people get.
test: test-deps
	@$(MAKE) --no-print-directory -s build/stepwell
	@$(MAKE) --no-print-directory -s tests build/asan/stepwell VARIANT=asan
	@sh tests/run.sh

format:
	@find $(rooms) tests -name '*.[ch]' -exec clang-format -i {} +

conformance: test-deps
	@$(MAKE) --no-print-directory -s tests
	@for t in $(sort $(wildcard tests/conformance/test_*.c)); do \
	    build/$(VARIANT)/$${t%.c} || true; done

FUZZ_SECONDS ?= 60
fuzz_libs := build/fuzz/libengine.a build/fuzz/libstore.a build/fuzz/libasl.a
build/fuzz/tests/fuzz/%: build/fuzz/tests/fuzz/%.o $(fuzz_libs)
	clang $(CFLAGS_fuzz) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
.PHONY: fuzzers
fuzzers: $(fuzz_bin)
bench_src := $(sort $(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/bench: $(call objects,$(bench_src)) $(libs)
	$(CC) $(CFLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) -o $@ $^ $(LDLIBS)

# BENCH="executions million" picks some.
bench: build/stepwell $(BUILD)/tests/bench/bench
	@$(BUILD)/tests/bench/bench $(BENCH)

# FUZZ="jsonata path" picks some.
fuzz_picked := $(if $(FUZZ),$(FUZZ:%=build/fuzz/tests/fuzz/fuzz_%),$(fuzz_bin))
fuzz:
	@$(MAKE) --no-print-directory -s $(fuzz_picked) VARIANT=fuzz
	@set -e; for f in $(fuzz_picked); do echo "$$f: $(FUZZ_SECONDS) s"; mkdir -p build/corpus/$$(basename $$f); \
	    $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=build/corpus/ build/corpus/$$(basename $$f); done

# ---- installing it ----
PREFIX ?= /usr/local
install: all
	install -D -m 755 build/stepwell $(DESTDIR)$(PREFIX)/bin/stepwell
	strip $(DESTDIR)$(PREFIX)/bin/stepwell
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	build/stepwell help --man >$(DESTDIR)$(PREFIX)/share/man/man1/stepwell.1
	build/stepwell help --bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/stepwell
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' engine/cli/stepwell.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/stepwell.service
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/stepwell $(DESTDIR)$(PREFIX)/share/man/man1/stepwell.1 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stepwell \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system/stepwell.service

# ---- renewing the service catalogue ----
# The service catalogue goes into the program as it stands; renewing it needs the service models
# (engine/aws/catalogue/README.md): make catalogue MODELS=folder
catalogue_dir := engine/aws/catalogue
$(BUILD)/$(catalogue_dir)/embed.o: $(catalogue_dir)/catalogue.bin
$(BUILD)/engine/lambda/bootstrap.o: engine/lambda/bootstrap/node.js engine/lambda/bootstrap/python.py
$(BUILD)/renew: $(call objects,$(addprefix $(catalogue_dir)/,renew.c encode.c decode.c names.c catalogue.c embed.c)) $(BUILD)/libasl.a
	$(CC) $(CFLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) -o $@ $^ -lz -lm

.PHONY: catalogue
catalogue:
	@test -n "$(MODELS)" || { echo "make catalogue MODELS=<folder of service models>"; exit 2; }
	@test -e $(catalogue_dir)/catalogue.bin || : > $(catalogue_dir)/catalogue.bin
	$(MAKE) $(BUILD)/renew
	$(BUILD)/renew $(MODELS) $(catalogue_dir)/catalogue.bin

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
