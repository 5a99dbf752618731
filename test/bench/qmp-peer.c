/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp-peer SOCKET OWN PEER: the shape of OpenXT's original loop, over UNIX
 * datagrams in place of the hypervisor's: select, blocking calls, one client,
 * each read handed on whole. The yardstick for qmp-helper over the same
 * transport.
 */
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER 4096 /* what the other end takes */

static int
bound (const char *path, int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, type | SOCK_CLOEXEC, 0);
  strncpy (address.sun_path, path, sizeof address.sun_path - 1);
  unlink (path);
  return fd >= 0 && bind (fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

int
main (int argc, char **argv)
{
  static char buffer[65536];
  struct sockaddr_un peer = { .sun_family = AF_UNIX };
  if (argc != 4)
    return 2;
  int transport = bound (argv[2], SOCK_DGRAM), listener = bound (argv[1], SOCK_STREAM), client = -1;
  if (transport < 0 || listener < 0 || listen (listener, 1) < 0)
    return 1;
  strncpy (peer.sun_path, argv[3], sizeof peer.sun_path - 1);
  for (;;) {
    fd_set set;
    FD_ZERO (&set);
    FD_SET (transport, &set);
    FD_SET (client >= 0 ? client : listener, &set);
    int most = client >= 0 ? client : listener;
    if (select ((most > transport ? most : transport) + 1, &set, NULL, NULL, NULL) < 0)
      return 1;
    if (client < 0 && FD_ISSET (listener, &set)) {
      client = accept (listener, NULL, NULL);
      sendto (transport, "live", 4, 0, (struct sockaddr *)&peer, sizeof peer);
      continue;
    }
    if (client >= 0 && FD_ISSET (client, &set)) {
      ssize_t n = read (client, buffer, BUFFER);
      if (n <= 0) {
        sendto (transport, "dead", 4, 0, (struct sockaddr *)&peer, sizeof peer);
        close (client);
        client = -1;
      } else if (sendto (transport, buffer, (size_t)n, 0, (struct sockaddr *)&peer, sizeof peer) <
                 0) {
        return 1;
      }
    }
    if (FD_ISSET (transport, &set)) {
      ssize_t n = recv (transport, buffer, sizeof buffer, 0);
      if (n > 0 && client >= 0 && write (client, buffer, (size_t)n) < 0)
        return 1;
    }
  }
}
