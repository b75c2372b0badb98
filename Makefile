# make            build everything into build/release
# make SAN=1      the same with address and undefined sanitizers, into build/san
# make run        install packages, build, start everything with demo data; make stop ends it
# make test       all tests; make bench: ratios against the limits; make lint: reads the code
# make api        the API's description alone, into the same folder: says what nginx/docs/api lacks
# make clients    clients in Go and Java are made of the API description; they do the main job on make run
# make fuzz       every parser of outside bytes under libFuzzer, FUZZ_S=60 seconds each
# make schema     tests/store/schema.sql anew, the schema in force, after a new migration
# make chaos      only: everything is killed while people order and pay, for CHAOS_S=60 seconds
# make interleave  only: every pair of operations in every order, all of it
# make install    PREFIX=/usr/local DESTDIR=

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PREFIX  ?= /usr/local
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
BUILD   := build/$(if $(SAN),san,release)
PKGS    := libpq libcjson fcgi hiredis librabbitmq libcurl openssl libjwt libqrencode libpng zlib libutf8proc
comma   := ,

WARN := -Werror -Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla -Wcast-qual -Wwrite-strings \
	-Wpointer-arith -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	$(if $(findstring clang,$(CC)),,-Wnull-dereference -Wduplicated-cond -Wlogical-op)
HARD := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SANS := -O1 -fno-omit-frame-pointer -fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined \
	$(if $(LIBFUZZER),-fsanitize=fuzzer-no-link)
CPPFLAGS := -Ilib -Itests/unit -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
CFLAGS  := -std=gnu11 -g $(WARN) -fno-common -fvisibility=hidden $(if $(SAN),$(SANS),$(HARD))
LDFLAGS := -Wl,-z,relro,-z,now,--as-needed $(if $(SAN),$(SANS),-pie)
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcrypt -lzxcvbn -lm

# The tree is the list: a folder under fcgi/ is a worker, a file under jobs/ is a job, and
# tests/unit/<folder of lib>/x_test.c and tests/store/x_test.c are test programs.
LIB_SRC := $(wildcard lib/*/*.c)
WORKERS := $(notdir $(wildcard fcgi/*))
JOBS    := $(basename $(notdir $(wildcard jobs/*.c)))
UNIT    := $(basename $(wildcard tests/unit/*/*_test.c))
STORE   := $(basename $(wildcard tests/store/*_test.c))
FUZZ    := $(basename $(notdir $(wildcard tests/fuzz/*_fuzz.c)))
SRC     := $(LIB_SRC) $(wildcard fcgi/*/*.c jobs/*.c tests/unit/*/*.c tests/store/*.c tests/fuzz/*.c tests/interleave/*.c)
obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB     := $(BUILD)/libzhixing.a

.PHONY: all programs api tests clients fuzz fuzzers lint format tidy layers install clean run stop reset test chaos interleave bench schema
programs: $(WORKERS:%=$(BUILD)/bin/%.fcgi) $(JOBS:%=$(BUILD)/bin/%)
fuzzers: $(FUZZ:%=$(BUILD)/fuzz/%)
tests: $(UNIT:%=$(BUILD)/%) $(STORE:%=$(BUILD)/%) $(BUILD)/interleave fuzzers
all: programs
.DEFAULT_GOAL := programs

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC   $@";)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	@$(AR) rcs $@ $^

# Programs take what they call from the library; a test that prepares every
# statement takes all of it.
define program # name, objects, library, extra libraries
$(1): $(2) $(LIB)
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  LINK $$@";)$$(CC) $$(LDFLAGS) $(2) $(3) $(4) $$(LDLIBS) -o $$@
endef
WHOLE := -Wl,--whole-archive $(LIB) -Wl,--no-whole-archive
$(foreach w,$(WORKERS),$(eval $(call program,$(BUILD)/bin/$(w).fcgi,$(call obj,$(wildcard fcgi/$(w)/*.c)),$(LIB))))
$(foreach j,$(JOBS),$(eval $(call program,$(BUILD)/bin/$(j),$(BUILD)/jobs/$(j).o,$(LIB))))
$(foreach t,$(UNIT),$(eval $(call program,$(BUILD)/$(t),$(BUILD)/$(t).o,$(LIB),-lcmocka)))
$(foreach t,$(STORE),$(eval $(call program,$(BUILD)/$(t),$(BUILD)/$(t).o,$(WHOLE),-lcmocka)))
# LIBFUZZER=1, with clang, is for tests/fuzz/run.sh; without it the corpus is replayed.
APART := $(BUILD)/tests/fuzz/apart.o $(if $(LIBFUZZER),,$(BUILD)/tests/fuzz/replay.o)
$(BUILD)/fuzz/settings_fuzz: LDFLAGS += -Wl,--wrap=exit
$(foreach t,$(FUZZ),$(eval $(call program,$(BUILD)/fuzz/$(t),$(BUILD)/tests/fuzz/$(t).o $(APART),$(LIB),\
	$(if $(LIBFUZZER),-fsanitize=fuzzer))))

# The workers' pools as they are, each one object of which only its renamed main() is seen; what
# the test plays itself takes the place of the accept loop, and of what calls others.
INTERLEAVE := $(wildcard tests/interleave/*.c)
POOLED     := api pay notify identity login staff desk
$(BUILD)/pools/%.o: $(call obj,$(wildcard fcgi/*/*.c))
	@mkdir -p $(@D)
	@ld -r -o $@.whole $(filter $(BUILD)/fcgi/$*/%,$^)
	@objcopy --redefine-sym main=pool_$*_main --keep-global-symbol=pool_$*_main $@.whole $@
	@rm $@.whole
$(BUILD)/interleave: LDFLAGS += $(foreach f,PQpipelineSync PQsendFlushRequest PQgetResult usleep,-Wl,--wrap=$(f))
$(eval $(call program,$(BUILD)/interleave,$(call obj,$(INTERLEAVE)) $(POOLED:%=$(BUILD)/pools/%.o),$(LIB)))

run:
	@tests/stack/install.sh build run
	@$(MAKE) --no-print-directory programs
	@/usr/bin/python3 tests/stack/stack.py up --build $(BUILD)
stop reset:
	@/usr/bin/python3 tests/stack/stack.py $(if $(filter stop,$@),down,reset)
test:
	@tests/run.sh
fuzz:
	@tests/fuzz/run.sh
clients: api
	@tests/counterpart/generators.sh $(BUILD)/openapi.yaml $(dir $(wildcard .run/zx.env))
chaos:
	@CHAOS_S=$${CHAOS_S:-60} tests/run.sh chaos
interleave:
	@INTERLEAVE=all tests/run.sh interleave
bench:
	@tests/bench/run.sh

schema: # migrations/ applied to a PostgreSQL that lives as long as this takes
	@tests/stack/install.sh build run test && $(MAKE) --no-print-directory $(BUILD)/bin/migrate
	@/usr/bin/python3 tests/store/schema.py $(BUILD)/bin/migrate

# From what people write in nginx/docs/api and what the programs say of their routes.
api: $(BUILD)/openapi.yaml
$(BUILD)/openapi.yaml $(BUILD)/openapi.json &: $(WORKERS:%=$(BUILD)/bin/%.fcgi) \
		$(wildcard nginx/docs/api/*.* nginx/docs/api/builder/*.py)
	/usr/bin/python3 -B nginx/docs/api/builder/build.py $(BUILD) $(WORKERS:%=$(BUILD)/bin/%.fcgi)

lint: layers format tidy
format:
	clang-format-14 --dry-run -Werror $(SRC) $(wildcard lib/*/*.h fcgi/*/*.h)
tidy:
	@printf '%s\n' $(SRC) | xargs -P 2 -I{} clang-tidy-14 --quiet --warnings-as-errors='*' {} \
		-- $(CPPFLAGS) -std=gnu11
layers: # a lower layer must not include a higher one
	@awk -f tests/lint/layers.awk $(SRC) $(wildcard lib/*/*.h fcgi/*/*.h)

install: programs api
	install -d $(DESTDIR)$(PREFIX)/libexec/zhixing $(DESTDIR)$(PREFIX)/share/zhixing/migrations
	install -m 755 $(BUILD)/bin/* $(DESTDIR)$(PREFIX)/libexec/zhixing
	install -m 644 migrations/*.sql $(DESTDIR)$(PREFIX)/share/zhixing/migrations
	cd nginx && find play docs -path docs/api -prune -o -type f -exec \
		install -Dm 644 {} $(abspath $(DESTDIR)$(PREFIX))/share/zhixing/www/{} \;
	install -Dm 644 /usr/share/nodejs/qrcode-generator/qrcode.js \
		$(DESTDIR)$(PREFIX)/share/zhixing/www/play/lib/qrcode.js
	install -m 644 $(BUILD)/openapi.yaml $(BUILD)/openapi.json $(DESTDIR)$(PREFIX)/share/zhixing/www

clean:
	rm -rf build

-include $(patsubst %.o,%.d,$(call obj,$(SRC)))
