/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/*
 * What the out-of-tree drivers of Argo and of its predecessor V4V take. The
 * type letter and the meaning of the numbers are the same; some structures
 * differ in the order of their fields, in packing, and so in the numbers that
 * hold their size.
 */

/** QhArgoAddress: a port of a domain. */
struct qh_argo_address {
  uint32_t port;
  uint16_t domain;
  uint16_t pad; /* must be 0 */
};

/** QhArgoRing: where to receive, and from whom. */
struct qh_argo_ring {
  uint16_t domain;
  uint16_t partner;
  uint32_t port;
};

struct qh_v4v_address {
  uint32_t port;
  uint16_t domain;
} __attribute__ ((packed));

struct qh_v4v_ring {
  uint32_t port;
  uint16_t domain;
  uint16_t partner;
} __attribute__ ((packed));

/** QhTransfer: one message to send or to receive, for both. */
struct qh_transfer {
  void *buffer;
  size_t len;
  int flags; /* MSG_... */
  void *address;
};

#define QH_ARGO_ANY 0x7ff4 /* "this domain" in a bind */
#define QH_V4V_ANY  0x7fff

#define QH_DEVICE_SETRINGSIZE _IOW ('W', 1, uint32_t)
#define QH_ARGO_BIND          _IOW ('W', 2, struct qh_argo_ring)
#define QH_V4V_BIND           _IOW ('W', 2, struct qh_v4v_ring)
#define QH_DEVICE_SEND        _IOW ('W', 9, struct qh_transfer)
#define QH_DEVICE_RECV        _IOW ('W', 10, struct qh_transfer)

_Static_assert(sizeof (struct qh_argo_address) == 8, "argo address");
_Static_assert(offsetof (struct qh_argo_address, port) == 0, "argo address");
_Static_assert(offsetof (struct qh_argo_address, domain) == 4, "argo address");
_Static_assert(offsetof (struct qh_argo_address, pad) == 6, "argo address");
_Static_assert(sizeof (struct qh_argo_ring) == 8, "argo ring id");
_Static_assert(offsetof (struct qh_argo_ring, domain) == 0, "argo ring id");
_Static_assert(offsetof (struct qh_argo_ring, partner) == 2, "argo ring id");
_Static_assert(offsetof (struct qh_argo_ring, port) == 4, "argo ring id");
_Static_assert(sizeof (struct qh_v4v_address) == 6, "v4v address");
_Static_assert(offsetof (struct qh_v4v_address, port) == 0, "v4v address");
_Static_assert(offsetof (struct qh_v4v_address, domain) == 4, "v4v address");
_Static_assert(sizeof (struct qh_v4v_ring) == 8, "v4v ring id");
_Static_assert(offsetof (struct qh_v4v_ring, port) == 0, "v4v ring id");
_Static_assert(offsetof (struct qh_v4v_ring, domain) == 4, "v4v ring id");
_Static_assert(offsetof (struct qh_v4v_ring, partner) == 6, "v4v ring id");
#if defined __LP64__
_Static_assert(sizeof (struct qh_transfer) == 32, "transfer");
_Static_assert(offsetof (struct qh_transfer, len) == 8, "transfer");
_Static_assert(offsetof (struct qh_transfer, flags) == 16, "transfer");
_Static_assert(offsetof (struct qh_transfer, address) == 24, "transfer");
_Static_assert(QH_DEVICE_SEND == 0x40205709, "send");
_Static_assert(QH_DEVICE_RECV == 0x4020570a, "receive");
#endif
_Static_assert(QH_DEVICE_SETRINGSIZE == 0x40045701, "set ring size");
_Static_assert(QH_ARGO_BIND == 0x40085702, "argo bind");
_Static_assert(QH_V4V_BIND == 0x40085702, "v4v bind");
