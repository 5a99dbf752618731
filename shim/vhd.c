/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vhd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512

/* Where things stand, in bytes; all numbers are big-endian. */
enum {
  FOOTER_DATA_OFFSET = 16,
  FOOTER_CURRENT_SIZE = 48,
  FOOTER_DISK_TYPE = 60,
  HEADER_TABLE_OFFSET = 16,
  HEADER_MAX_ENTRIES = 28,
  BATMAP_KEY_HASH_SET = 29,
};

enum { TYPE_FIXED = 2, TYPE_DYNAMIC = 3, TYPE_DIFFERENCING = 4 };

static guint32
get_u32 (const guint8 *sector, gsize at)
{
  guint32 value;
  memcpy (&value, sector + at, sizeof value);
  return GUINT32_FROM_BE (value);
}

static guint64
get_u64 (const guint8 *sector, gsize at)
{
  guint64 value;
  memcpy (&value, sector + at, sizeof value);
  return GUINT64_FROM_BE (value);
}

/* Reads the sector at @offset, which must begin with @cookie. */
static int
read_sector (int fd, guint64 offset, const char *cookie, guint8 sector[SECTOR])
{
  if (offset > G_MAXINT64 - SECTOR)
    return EINVAL;
  for (gsize have = 0; have < SECTOR;) {
    ssize_t n = pread (fd, sector + have, SECTOR - have, (off_t)(offset + have));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      return EINVAL;
    have += (gsize)n;
  }
  return memcmp (sector, cookie, strlen (cookie)) == 0 ? 0 : EINVAL;
}

static int
read_footer (int fd, guint8 footer[SECTOR])
{
  off_t end = lseek (fd, 0, SEEK_END);
  if (end < 0)
    return errno;
  if (end < SECTOR)
    return EINVAL;
  int errsv = read_sector (fd, (guint64)end - SECTOR, "conectix", footer);
  return errsv != EINVAL ? errsv : read_sector (fd, 0, "conectix", footer);
}

/*
 * blktap puts its batmap behind the block allocation table, in the next whole
 * sector. Other programs put the first block there, which begins otherwise.
 */
static int
read_key_hash (int fd, const guint8 *footer, gboolean *encrypted)
{
  guint8 sector[SECTOR];
  int errsv = read_sector (fd, get_u64 (footer, FOOTER_DATA_OFFSET), "cxsparse", sector);
  if (errsv != 0)
    return errsv;

  guint64 table = get_u64 (sector, HEADER_TABLE_OFFSET);
  guint64 length = get_u32 (sector, HEADER_MAX_ENTRIES) * G_GUINT64_CONSTANT (4);
  length = (length + SECTOR - 1) / SECTOR * SECTOR;
  if (table > G_MAXINT64 - length)
    return EINVAL;
  errsv = read_sector (fd, table + length, "tdbatmap", sector);
  *encrypted = errsv == 0 && sector[BATMAP_KEY_HASH_SET] != 0;
  return errsv != EINVAL ? errsv : 0; /* without a batmap there is no key */
}

int
xm_vhd_read (int fd, XmVhdInfo *info)
{
  guint8 footer[SECTOR];
  *info = (XmVhdInfo){ 0 };
  int errsv = read_footer (fd, footer);
  if (errsv != 0)
    return errsv;
  guint32 type = get_u32 (footer, FOOTER_DISK_TYPE);
  if (type < TYPE_FIXED || type > TYPE_DIFFERENCING)
    return EINVAL;

  gboolean encrypted = FALSE;
  if (type != TYPE_FIXED) {
    errsv = read_key_hash (fd, footer, &encrypted);
    if (errsv != 0)
      return errsv;
  }
  *info =
      (XmVhdInfo){ get_u64 (footer, FOOTER_CURRENT_SIZE), type == TYPE_DIFFERENCING, encrypted };
  return 0;
}
