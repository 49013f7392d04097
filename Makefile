# `make demo` shows the product, `make check` is for every change, `make test` is everything.
# Programs are collected in target/dist.

PREFIX  ?= /usr/local
DESTDIR ?=
# Where desktops look for what they start with a session, whatever the prefix is.
SYSCONFDIR ?= /etc
CARGO   ?= cargo
# What `make demo` and `make test` run; built by `make build`.
DIST    := target/dist

bindir         = $(DESTDIR)$(PREFIX)/bin
libexecdir     = $(DESTDIR)$(PREFIX)/libexec/otpd
mandir         = $(DESTDIR)$(PREFIX)/share/man
docdir         = $(DESTDIR)$(PREFIX)/share/doc/otpd
unitdir        = $(DESTDIR)$(PREFIX)/lib/systemd/user
busdir         = $(DESTDIR)$(PREFIX)/share/dbus-1/services
interfacedir   = $(DESTDIR)$(PREFIX)/share/dbus-1/interfaces
bashdir        = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir         = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
appdir         = $(DESTDIR)$(PREFIX)/share/applications
autostartdir   = $(DESTDIR)$(SYSCONFDIR)/xdg/autostart
fishdir        = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

.DEFAULT_GOAL := build
.PHONY: build check demo test browser windows macos bench soak fuzz reading install uninstall clean

build:
	@CARGO="$(CARGO)" DIST="$(DIST)" tests/build.sh

# At most five minutes on a warm tree: what a change must pass before it is shown to anybody.
check:
	@tests/step.sh "format" $(CARGO) fmt --all --check
	@tests/step.sh "clippy" $(CARGO) clippy -q --workspace --all-targets --locked -- -D warnings
	@tests/step.sh "unit tests" $(CARGO) test -q --locked --workspace --exclude otp-tests
	@tests/step.sh "scenarios" $(CARGO) test -q --locked -p otp-tests

demo: build
	@DIST="$(DIST)" tests/demo.sh

# Installs what the tests need, then proves everything on the programs as they are shipped.
test:
	@tests/step.sh "packages" tests/packages.sh
	@tests/step.sh "build" $(MAKE) --no-print-directory build
	@tests/step.sh "unit tests" env OTPT_LIVES=1000 OTPT_CASES=100000 $(CARGO) test --locked --workspace --exclude otp-tests
	@tests/step.sh "scenarios" env OTPT_WRITES=1000 OTPD_PROGRAMS="$(CURDIR)/$(DIST)" $(CARGO) test --locked -p otp-tests
	@tests/step.sh "install" tests/install.sh
	@tests/step.sh "demo" env DIST="$(DIST)" tests/demo.sh

# The office manual's systems, against a console in Debian's Chromium.
browser: build
	@DIST="$(DIST)" tests/browser.sh

# Builds for Windows and runs the tests under Wine.
windows:
	@tests/windows.sh

# Type-checks both Apple targets; nothing is run.
macos:
	@tests/macos.sh

bench: build
	@if [ -x tests/bench.sh ]; then DIST="$(DIST)" tests/bench.sh; \
	else echo "make bench: tests/bench.sh is missing" >&2; exit 1; fi

# The crash, disk and race tests again and again: SOAK_MINUTES (default 30).
soak: build
	@DIST="$(DIST)" tests/soak.sh

# Every fuzz target for FUZZ_SECONDS (default 20) or FUZZ_RUNS; FUZZ_STORM damaged pictures.
fuzz:
	@tests/fuzz.sh

# Pictures of QR codes that nobody has seen, read by us, zxing-cpp and zbar: SEED, COUNT.
reading: build
	@OTPD_READER="$(DIST)/otp-helper" tests/reading.sh

install: build
	@install -d "$(bindir)" "$(libexecdir)" "$(unitdir)" "$(docdir)" "$(mandir)/man1" "$(mandir)/man5" "$(mandir)/man7" "$(bashdir)" "$(zshdir)" "$(fishdir)" "$(busdir)" "$(interfacedir)" "$(appdir)" "$(autostartdir)"
	@install -m 0755 "$(DIST)/otpd" "$(DIST)/otpctl" "$(DIST)/otp-askpass" "$(bindir)"
	@install -m 0755 "$(DIST)/otp-helper" "$(DIST)/otp-desktop" "$(libexecdir)"
	@"$(DIST)/otp-helper" man --write "$(DIST)/man"
	@for section in 1 5 7; do install -m 0644 "$(DIST)"/man/*.$$section "$(mandir)/man$$section"; done
	@"$(DIST)/otp-helper" completions bash > "$(bashdir)/otpctl"
	@"$(DIST)/otp-helper" completions zsh > "$(zshdir)/_otpctl"
	@"$(DIST)/otp-helper" completions fish > "$(fishdir)/otpctl.fish"
	@for unit in otpd.service otpd.socket otp-desktop.service; do \
	  sed 's|/usr/bin/|$(PREFIX)/bin/|;s|/usr/libexec/|$(PREFIX)/libexec/|' systemd/$$unit > "$(unitdir)/$$unit"; done
	@for folder in "$(appdir)" "$(autostartdir)"; do \
	  sed 's|/usr/libexec/|$(PREFIX)/libexec/|' desktop/io.otpd.Desktop.desktop > "$$folder/io.otpd.Desktop.desktop"; done
	@sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/io.otpd.Agent1.service > "$(busdir)/io.otpd.Agent1.service"
	@install -m 0644 docs/io.otpd.Agent1.xml "$(interfacedir)"
	@for file in README.md SECURITY.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE; do \
	  install -m 0644 $$file "$(docdir)"; done
	@install -d "$(docdir)/examples"
	@install -m 0755 docs/examples/* "$(docdir)/examples"
	@chmod 0644 "$(bashdir)/otpctl" "$(zshdir)/_otpctl" "$(fishdir)/otpctl.fish" "$(unitdir)"/otpd.* "$(unitdir)/otp-desktop.service" \
	  "$(busdir)/io.otpd.Agent1.service" "$(appdir)/io.otpd.Desktop.desktop" "$(autostartdir)/io.otpd.Desktop.desktop"
	@echo "installed below $(DESTDIR)$(PREFIX)"

uninstall:
	@rm -f "$(bindir)/otpd" "$(bindir)/otpctl" "$(bindir)/otp-askpass" "$(libexecdir)/otp-helper" "$(libexecdir)/otp-desktop" \
	  "$(mandir)/man1/otpctl.1" "$(mandir)/man1/otp-askpass.1" "$(mandir)/man1/otpd.1" \
	  "$(mandir)/man5/otpd.toml.5" "$(mandir)/man7/otpd-ipc.7" \
	  "$(bashdir)/otpctl" "$(zshdir)/_otpctl" "$(fishdir)/otpctl.fish" \
	  "$(unitdir)/otpd.service" "$(unitdir)/otpd.socket" "$(unitdir)/otp-desktop.service" \
	  "$(appdir)/io.otpd.Desktop.desktop" "$(autostartdir)/io.otpd.Desktop.desktop" \
	  "$(busdir)/io.otpd.Agent1.service" "$(interfacedir)/io.otpd.Agent1.xml"
	@rm -rf "$(docdir)"
	@-rmdir "$(libexecdir)" 2>/dev/null
	@echo "removed from $(DESTDIR)$(PREFIX)"

clean:
	@$(CARGO) clean -q
	@rm -rf tests/fuzz/target
