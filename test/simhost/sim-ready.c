/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sim-ready SOCKET: stands in for systemd's notification socket. Prints
 * "listening" when a daemon may be started with NOTIFY_SOCKET=SOCKET, and
 * "ready" when that has said READY=1.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  char text[4096];
  ssize_t length;

  if (argc != 2 || strlen (argv[1]) >= sizeof address.sun_path) {
    fprintf (stderr, "usage: sim-ready SOCKET\n");
    return 2;
  }
  strcpy (address.sun_path, argv[1]);
  unlink (argv[1]);
  if (fd < 0 || bind (fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror (argv[1]);
    return 1;
  }
  puts ("listening");
  fflush (stdout);
  while ((length = recv (fd, text, sizeof text - 1, 0)) >= 0) {
    text[length] = '\0';
    if (strstr (text, "READY=1") != NULL) {
      puts ("ready");
      return 0;
    }
  }
  perror ("recv");
  return 1;
}
