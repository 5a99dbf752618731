/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The real program, with a test's own other end or QEMU behind it. Waits are
 * generous: they only end early when something is wrong.
 */

#define QT_WAIT_MS 30000
#define QT_ARGS    24

/* Whether all this is instrumented. */
#if defined __SANITIZE_ADDRESS__
#define QT_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define QT_SANITIZED 1
#endif
#endif
#ifndef QT_SANITIZED
#define QT_SANITIZED 0
#endif

/** Host: a folder with the sockets, and the processes of a test. */
typedef struct {
  char folder[64];
  char client[96]; /* where the helper serves */
  char helper[96]; /* where it receives datagrams */
  char peer[96];   /* where the other end receives */
  char qemu[96];   /* QEMU's monitor */
  char log[96];    /* the helper's stderr */
  pid_t pid;       /* the helper */
  pid_t qemu_pid, agent_pid;
  int peer_fd; /* -1 */
} Host;

/** qt_host_new, _free: _free kills what still runs and removes the folder. */
void qt_host_new (Host *host);
void qt_host_free (Host *host);

/** qt_spawn: @out: file for stdout and stderr, or NULL. @environment: `NAME=value` or NULL. */
pid_t qt_spawn (const char *const *argv, const char *out, const char *environment, int pass_fd);

/** qt_start: the helper over UNIX datagrams to host->peer, with more arguments; returns when it is
 * ready. */
void qt_start (Host *host, const char *const *more);
#define START(host, ...) qt_start (host, (const char *const[]){ __VA_ARGS__, NULL })

/** qt_start_bare: only these arguments. Returns whether it became ready. */
bool qt_start_bare (Host *host, const char *const *arguments, const char *environment);

/** qt_run: runs the helper to its end. Returns: its exit status, 1000 + signal. */
int qt_run (Host *host, const char *const *arguments);
#define RUN(host, ...) qt_run (host, (const char *const[]){ __VA_ARGS__, NULL })

/** qt_end: sends @signal and waits. Returns: as qt_run. */
int qt_end (Host *host, int signal);
/** qt_ended: waits for the helper's end. */
int qt_ended (pid_t *pid);

/** qt_log_has: whether the helper wrote this. */
bool qt_log_has (const Host *host, const char *text);

/** qt_connect: a client; blocking. */
int qt_connect (const char *path);

/** qt_readable: whether something comes within @ms. */
bool qt_readable (int fd, int ms);

/** qt_read: exactly @len bytes. */
void qt_read (int fd, void *bytes, size_t len);
/** qt_read_line: up to a line end, which is left out. Returns its length. */
size_t qt_read_line (int fd, char *line, size_t size);
/** qt_expect_line: the next line holds @part. */
void qt_expect_line (int fd, const char *part);
/** qt_expect_end: nothing more comes, and the connection ends. */
void qt_expect_end (int fd);
void qt_write (int fd, const void *bytes, size_t len);
void qt_say (int fd, const char *text);

/* The other end, over datagrams. */
void qt_peer_bind (Host *host);
void qt_peer_close (Host *host);
/** qt_peer_take: one datagram. Returns its length. */
size_t qt_peer_take (Host *host, void *bytes, size_t size);
/** qt_peer_expect: the next datagram is this text. */
void qt_peer_expect (Host *host, const char *text);
/** qt_peer_opened: the next session begins, whatever it takes. */
void qt_peer_opened (Host *host);
/** qt_peer_send: waits until it is taken. */
void qt_peer_send (Host *host, const void *bytes, size_t len);
void qt_peer_say (Host *host, const char *text);

/** qt_session: a client whose session has begun and which has its greeting. */
int qt_session (Host *host);
#define QT_GREETING                                                                                \
  "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": [\"oob\"]}}\r\n"

/** qt_qemu: Debian's QEMU, its monitor at host->qemu. */
void qt_qemu (Host *host);
/** qt_agent: the stubdomain's end before it, over @type. */
void qt_agent (Host *host, const char *type);

/** qt_number: a number from the environment, to make a test larger. */
unsigned long qt_number (const char *name, unsigned long otherwise);

/** qt_now: seconds, of a clock that only goes forward. */
double qt_now (void);

/** qt_resident: kibibytes. */
unsigned long qt_resident (pid_t pid);

/** QT_CASE: a test case without Check's default of four seconds. */
TCase *qt_case (Suite *suite, const char *name);
