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
LDLIBS := -lcurl -lcrypto -lssl -lsqlite3 -levent_core -levent_extra -lcjson -lpcre2-8 -lexpat -lz -lm -lpthread

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
.PHONY: all clean

all: build/stepwell

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

# The service catalogue goes into the program as it stands; renewing it needs the service models
# (engine/aws/catalogue/README.md): make catalogue MODELS=folder
catalogue_dir := engine/aws/catalogue
$(BUILD)/$(catalogue_dir)/embed.o: $(catalogue_dir)/catalogue.bin
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
