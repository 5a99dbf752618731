/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "qmp-helper/stats.h"

bool
qh_loop_init (QhLoop *loop, const QhOptions *options)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
  sigset_t taken;
  memset (loop, 0, sizeof *loop);
  loop->options = options;
  loop->xenstore.fd = -1;
  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&taken);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    /* Whoever started this may have ignored some, and an ignored signal is never pending. */
    signal (signals[i], SIG_DFL);
    sigaddset (&taken, signals[i]);
  }
  sigprocmask (SIG_BLOCK, &taken, NULL);
  loop->signals = signalfd (-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  return loop->signals >= 0;
}

static void
take_signals (QhLoop *loop)
{
  struct signalfd_siginfo info;
  while (read (loop->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGUSR1)
      qh_stats_write ();
    else
      loop->ending = true;
  }
}

bool
qh_loop_wait (QhLoop *loop, struct pollfd *fds, unsigned count, int timeout)
{
  fds[QH_POLL_SIGNALS] = (struct pollfd){ .fd = loop->signals, .events = POLLIN };
  fds[QH_POLL_XENSTORE] = (struct pollfd){ .fd = loop->xenstore.fd, .events = POLLIN };
  if (loop->ending)
    return false;
  struct timespec wait = { timeout / 1000, (long)(timeout % 1000) * 1000000 };
  if (loop->hurry > 0 && (timeout < 0 || loop->hurry / 1000 < (unsigned)timeout)) {
    wait = (struct timespec){ 0, (long)loop->hurry * 1000 };
    timeout = 0;
  }
  loop->hurry = 0;
  if (ppoll (fds, count, timeout < 0 ? NULL : &wait, NULL) < 0)
    for (unsigned i = 0; i < count; i++)
      fds[i].revents = 0;
  if (fds[QH_POLL_SIGNALS].revents != 0)
    take_signals (loop);
  if (fds[QH_POLL_XENSTORE].revents != 0) {
    qh_xenstore_process (&loop->xenstore);
    if (loop->xenstore.gone) {
      qh_log (QH_LOG_INFO, "domain %d is gone", loop->options->stubdom);
      loop->ending = true;
    }
  }
  return !loop->ending;
}

int
qh_sooner (int a, int b)
{
  if (a < 0)
    return b;
  return b < 0 || a < b ? a : b;
}

void
qh_loop_free (QhLoop *loop)
{
  if (loop->signals >= 0)
    close (loop->signals);
  loop->signals = -1;
}
