/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* argo-send DOMID: sends an empty Argo message there and says what the hypervisor answers. Nobody
 * listens, so that is ECONNREFUSED where the policy allows it. Linux has no driver for Argo: the
 * hypercall goes out as those of the toolstack do. Numbers and structures: xen/public/argo.h. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xencall.h>

#define ARGO_HYPERCALL 39 /* __HYPERVISOR_argo_op */
#define ARGO_SENDV     3  /* XEN_ARGO_OP_sendv */
#define ARGO_PORT      5100

struct address {
  uint32_t port;
  uint16_t domid, pad;
};

struct message {
  struct {
    struct address from, to;
  } ends;
  struct {
    uint64_t bytes; /* a pointer */
    uint32_t length, pad;
  } part;
};

int
main (int argc, char **argv)
{
  xencall_handle *calls = argc == 2 ? xencall_open (NULL, 0) : NULL;
  struct message *message = calls != NULL ? xencall_alloc_buffer (calls, sizeof *message) : NULL;
  if (message == NULL) {
    perror ("argo-send");
    return 2;
  }
  memset (message, 0, sizeof *message);
  message->ends.from.port = message->ends.to.port = ARGO_PORT;
  message->ends.to.domid = (uint16_t)strtoul (argv[1], NULL, 10);
  message->part.bytes = (uintptr_t)message;
  int sent = xencall5 (calls, ARGO_HYPERCALL, ARGO_SENDV, (uintptr_t)&message->ends,
                       (uintptr_t)&message->part, 1, 0);
  puts (sent < 0 ? strerrorname_np (errno) : "sent");
  xencall_free_buffer (calls, message);
  return xencall_close (calls) != 0;
}
