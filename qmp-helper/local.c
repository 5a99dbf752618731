/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp-helper/log.h"
#include "qmp-helper/stats.h"

#define MOST_AT_ONCE 65536
#define MOST_FDS     253 /* what the kernel passes in one message */

static void
close_passed (struct msghdr *message)
{
  static QhQuiet quiet;
  unsigned count = 0;
  for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL;
       part = CMSG_NXTHDR (message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    size_t n = (part->cmsg_len - CMSG_LEN (0)) / sizeof (int);
    for (size_t i = 0; i < n; i++) {
      int fd;
      memcpy (&fd, CMSG_DATA (part) + i * sizeof fd, sizeof fd);
      close (fd);
      count++;
    }
  }
  qh_stats.fds += count;
  if (count > 0 && qh_quiet_passed (&quiet))
    qh_log (QH_LOG_NOTICE, "a client passed %u file descriptors, which cannot cross: closed",
            count);
}

ssize_t
qh_local_fill (int fd, QhQueue *into)
{
  union {
    char bytes[CMSG_SPACE (MOST_FDS * sizeof (int))];
    struct cmsghdr align;
  } control;
  size_t room = qh_queue_room (into);
  if (room == 0)
    return -ENOBUFS;
  struct iovec piece = { .iov_base = qh_queue_back (into),
                         .iov_len = room < MOST_AT_ONCE ? room : MOST_AT_ONCE };
  struct msghdr message = {
    .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  ssize_t n = recvmsg (fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0)
    return errno == EINTR ? -EAGAIN : -errno;
  if (message.msg_controllen > 0)
    close_passed (&message);
  qh_queue_put (into, (size_t)n);
  return n;
}

int
qh_local_flush (int fd, QhQueue *from)
{
  while (qh_queue_used (from) > 0) {
    ssize_t n = send (fd, qh_queue_front (from), qh_queue_used (from), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
      return errno == EINTR ? -EAGAIN : -errno;
    qh_stats.to_client += (uint64_t)n;
    qh_queue_take (from, (size_t)n);
  }
  return 0;
}
