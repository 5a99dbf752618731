/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 10000

static QhLogLevel highest = QH_LOG_NOTICE;

void
qh_log_set_level (QhLogLevel level)
{
  highest = level;
}

void
qh_log (QhLogLevel level, const char *format, ...)
{
  char line[512] = "qmp-helper: ";
  size_t begin = strlen (line);
  int error = errno;
  va_list args;

  if (level > highest)
    return;
  va_start (args, format);
  int len = vsnprintf (line + begin, sizeof line - begin - 1, format, args);
  va_end (args);
  size_t end = begin + (len < 0 ? 0 : (size_t)len);
  if (end > sizeof line - 2)
    end = sizeof line - 2;
  /* Texts from outside may hold anything; a line is a line. */
  for (size_t i = begin; i < end; i++)
    if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
      line[i] = '?';
  line[end] = '\n';
  /* Nobody is left to be told of an error here. */
  if (write (STDERR_FILENO, line, end + 1) < 0)
    errno = error;
  errno = error;
}

bool
qh_quiet_passed (QhQuiet *quiet)
{
  int64_t now = qh_now ();
  if (now < quiet->until) {
    quiet->left_out++;
    return false;
  }
  quiet->until = now + QUIET_MS;
  return true;
}

int64_t
qh_now (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
