/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qmp-helper/device-abi.h"

#define N(array) (sizeof (array) / sizeof *(array))

static bool
fail (const char *what)
{
  qh_log (QH_LOG_ERROR, "sandbox: %s: %s", what, strerror (errno));
  return false;
}

static bool
find_user (const char *name, uid_t *uid, gid_t *gid)
{
  uint32_t number;
  if (qh_number_parse (name, UINT32_MAX - 1, &number)) {
    *uid = number;
    *gid = number;
    return true;
  }
  const struct passwd *entry = getpwnam (name);
  if (entry == NULL)
    return false;
  *uid = entry->pw_uid;
  *gid = entry->pw_gid;
  return true;
}

static bool
find_group (const char *name, gid_t *gid)
{
  uint32_t number;
  if (qh_number_parse (name, UINT32_MAX - 1, &number)) {
    *gid = number;
    return true;
  }
  const struct group *entry = getgrnam (name);
  if (entry != NULL)
    *gid = entry->gr_gid;
  return entry != NULL;
}

static bool
become (const QhOptions *options)
{
  uid_t uid = geteuid ();
  gid_t gid = getegid ();
  if (options->user == NULL && options->group == NULL)
    return true;
  errno = ENOENT;
  if (options->user != NULL && !find_user (options->user, &uid, &gid))
    return fail (options->user);
  if (options->group != NULL && !find_group (options->group, &gid))
    return fail (options->group);
  return (setgroups (0, NULL) == 0 && setresgid (gid, gid, gid) == 0 &&
          setresuid (uid, uid, uid) == 0) ||
         fail ("cannot become that user");
}

static bool
drop_capabilities (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
  prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return fail ("no_new_privs");
  return syscall (SYS_capset, &header, none) == 0 || fail ("capabilities");
}

/* The bounding set takes a capability to shrink: before the others are gone. */
static void
drop_bounding (void)
{
  for (int i = 0; i <= CAP_LAST_CAP; i++)
    prctl (PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* What serving takes, with any transport. */
static const int always[] = {
  SCMP_SYS (read),         SCMP_SYS (readv),
  SCMP_SYS (write),        SCMP_SYS (writev),
  SCMP_SYS (recvmsg),      SCMP_SYS (recvfrom),
  SCMP_SYS (sendmsg),      SCMP_SYS (sendto),
  SCMP_SYS (poll),         SCMP_SYS (ppoll),
  SCMP_SYS (accept4),      SCMP_SYS (getsockopt),
  SCMP_SYS (close),        SCMP_SYS (unlinkat),
  SCMP_SYS (newfstatat),   SCMP_SYS (geteuid),
  SCMP_SYS (exit),         SCMP_SYS (exit_group),
  SCMP_SYS (rt_sigaction), SCMP_SYS (rt_sigprocmask),
  SCMP_SYS (rt_sigreturn), SCMP_SYS (restart_syscall),
  SCMP_SYS (futex),        SCMP_SYS (clock_gettime),
  SCMP_SYS (brk),          SCMP_SYS (munmap),
  SCMP_SYS (mremap),       SCMP_SYS (madvise),
};

/* A vchan is opened anew when the other end was: devices, shared memory, xenstore, whose library
   has a thread. */
static const int vchan_calls[] = {
  SCMP_SYS (openat),    SCMP_SYS (fcntl),
  SCMP_SYS (stat),      SCMP_SYS (fstat),
  SCMP_SYS (clone),     SCMP_SYS (clone3),
  SCMP_SYS (getuid),    SCMP_SYS (set_robust_list),
  SCMP_SYS (rseq),      SCMP_SYS (pipe2),
  SCMP_SYS (pipe),      SCMP_SYS (lseek),
  SCMP_SYS (getpid),    SCMP_SYS (gettid),
  SCMP_SYS (tgkill),    SCMP_SYS (uname),
  SCMP_SYS (prctl),     SCMP_SYS (access),
  SCMP_SYS (faccessat), SCMP_SYS (faccessat2),
  SCMP_SYS (nanosleep), SCMP_SYS (clock_nanosleep),
  SCMP_SYS (pread64),   SCMP_SYS (sched_getaffinity),
};

static bool
allow (scmp_filter_ctx filter, const int *calls, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, calls[i], 0) < 0)
      return false;
  return true;
}

/* All requests to the devices of a vchan, which share a letter each: grants, event channels. */
static bool
allow_vchan (scmp_filter_ctx filter)
{
  static const unsigned long letters[] = { 'G', 'E' };
  for (size_t i = 0; i < N (letters); i++)
    if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (ioctl), 1,
                          SCMP_A1 (SCMP_CMP_MASKED_EQ, 0xff00, letters[i] << 8)) < 0)
      return false;
  return allow (filter, vchan_calls, N (vchan_calls));
}

static bool
allow_transport (scmp_filter_ctx filter, const QhOptions *options, const QhTransport *transport)
{
  static const unsigned long requests[] = { QH_DEVICE_SEND, QH_DEVICE_RECV };
  if (transport->type == &qh_transport_vchan && !allow_vchan (filter))
    return false;
  if (transport->type == &qh_transport_argo || transport->type == &qh_transport_v4v)
    for (size_t i = 0; i < N (requests); i++)
      if (seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (ioctl), 1,
                            SCMP_A1 (SCMP_CMP_EQ, requests[i], 0)) < 0)
        return false;
  /* Whoever connects anew, if only to xenstore for a vchan, does so within this host. */
  if (transport->type != &qh_transport_unix && transport->type != &qh_transport_vchan &&
      options->connect == NULL)
    return true;
  return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (connect), 0) == 0 &&
         seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (socket), 1,
                           SCMP_A0 (SCMP_CMP_EQ, AF_UNIX, 0)) == 0;
}

static bool
filter_calls (const QhOptions *options, const QhTransport *transport)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ERRNO (EPERM));
  bool done = filter != NULL && allow (filter, always, N (always)) &&
              allow_transport (filter, options, transport);
  /* Memory, but none that can be executed. */
  done = done &&
         seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 1,
                           SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
         seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mprotect), 1,
                           SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
         seccomp_load (filter) == 0;
  if (!done)
    fail ("system call filter");
  seccomp_release (filter);
  return done;
}

bool
qh_sandbox_enter (const QhOptions *options, const QhTransport *transport)
{
  drop_bounding ();
  if (!become (options) || !drop_capabilities () || !filter_calls (options, transport))
    return false;
  malloc_trim (0);
  return true;
}

/* The filter's own answer; others, such as that a descriptor is no terminal, prove nothing. */
static bool
is_denied (long result)
{
  return result == -1 && errno == EPERM;
}

int
qh_sandbox_test (const QhTransport *transport)
{
  char *const words[] = { "true", NULL };
  const struct {
    const char *name;
    bool denied;
  } tries[] = {
    { "openat", is_denied (syscall (SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)) },
    { "open", is_denied (syscall (SYS_open, "/dev/null", O_RDONLY)) },
    { "execve", is_denied (syscall (SYS_execve, "/bin/true", words, NULL)) },
    { "fork", is_denied (syscall (SYS_fork)) },
    { "socket", is_denied (syscall (SYS_socket, AF_INET, SOCK_STREAM, 0)) },
    { "ptrace", is_denied (syscall (SYS_ptrace, PTRACE_PEEKDATA, getppid (), 0, 0)) },
    { "kill", is_denied (syscall (SYS_kill, getppid (), 0)) },
    { "mmap-exec", is_denied (syscall (SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) },
    { "ioctl", is_denied (syscall (SYS_ioctl, transport->fd, TCGETS, NULL)) },
    { "ioctl-bind", is_denied (syscall (SYS_ioctl, transport->fd, QH_ARGO_BIND, NULL)) },
  };
  int status = QH_EXIT_CLEAN;
  /* A vchan is opened anew at times, so that over it the first is allowed. */
  for (size_t i = transport->type == &qh_transport_vchan; i < N (tries); i++) {
    char line[64];
    int len = snprintf (line, sizeof line, "%s: %s\n", tries[i].name,
                        tries[i].denied ? "denied" : "ALLOWED");
    if (!tries[i].denied || write (STDOUT_FILENO, line, (size_t)len) < 0)
      status = QH_EXIT_RUNTIME;
  }
  return status;
}
