/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/stubdom-memory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB         ((guint64)1 << 20)
#define USUAL_RATIO 4
#define KERNEL      60 /* MiB: what it keeps to itself while it boots; QEMU gets some of it back */
#define STEP        16 /* MiB */

/* Of the ramdisk, which has @size bytes: @held: what the toolstack puts into memory.
 * Returns: what the file system in it takes. */
static guint64
unpacked_size (int fd, guint64 size, guint64 *held)
{
  static const guint8 gzip[] = { 0x1f, 0x8b };
  static const char cpio[] = { '0', '7', '0', '7', '0' };
  guint8 head[sizeof cpio];
  guint32 word;
  *held = size;
  if (size < sizeof head + sizeof word || pread (fd, head, sizeof head, 0) != sizeof head)
    return size;
  if (memcmp (head, cpio, sizeof cpio) == 0)
    return size;
  if (memcmp (head, gzip, sizeof gzip) == 0 &&
      pread (fd, &word, sizeof word, (off_t)(size - sizeof word)) == sizeof word)
    return *held = GUINT32_FROM_LE (word);
  return size * USUAL_RATIO;
}

static guint64
to_mib (guint64 bytes)
{
  return bytes / MIB + (bytes % MIB != 0);
}

guint
xm_stubdom_memory_needed (const char *ramdisk)
{
  int fd = open (ramdisk, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info;
  guint64 needed = 0;
  if (fd < 0)
    return 0;
  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode)) {
    guint64 held, unpacked = unpacked_size (fd, (guint64)info.st_size, &held);
    needed = 2 * to_mib (unpacked) + to_mib (held) + KERNEL;
    needed = (needed + STEP - 1) / STEP * STEP;
  }
  close (fd);
  return (guint)MIN (needed, G_MAXINT32 / 1024);
}
