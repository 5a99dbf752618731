/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40
#define MAX_DEPTH 128 /* each directory on the way is a descriptor */

/** Walk: on the way from the root to the file. */
typedef struct {
  GArray *dirs;  /* int: descriptors of the directories on the way, the root first */
  GQueue *names; /* char *: what is still to be looked up */
  guint links;
} Walk;

static int
top (const Walk *walk)
{
  return g_array_index (walk->dirs, int, walk->dirs->len - 1);
}

/* Back to the first @n directories. */
static void
leave (Walk *walk, guint n)
{
  while (walk->dirs->len > n) {
    close (top (walk));
    g_array_set_size (walk->dirs, walk->dirs->len - 1);
  }
}

static void
push_names (Walk *walk, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  for (guint i = g_strv_length (names); i > 0; i--) {
    if (*names[i - 1] != '\0')
      g_queue_push_head (walk->names, g_strdup (names[i - 1]));
  }
}

/* Returns: 0 or an errno, as do all the steps. */
static int
follow_link (Walk *walk, const char *name)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat (top (walk), name, target, sizeof target - 1);
  if (n < 0)
    return errno;
  if (++walk->links > MAX_LINKS)
    return ELOOP;
  target[n] = '\0';
  if (*target == '/')
    leave (walk, 1);
  push_names (walk, target);
  return 0;
}

static int
enter (Walk *walk, const char *name)
{
  if (walk->dirs->len > MAX_DEPTH)
    return ENAMETOOLONG;
  int fd = openat (top (walk), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return errno;
  g_array_append_val (walk->dirs, fd);
  return 0;
}

/* @fd: (out): of the file, once the walk is there */
static int
step (Walk *walk, const char *name, int *fd)
{
  struct stat status;
  if (g_str_equal (name, "."))
    return 0;
  if (g_str_equal (name, "..")) {
    leave (walk, MAX (walk->dirs->len - 1, 1));
    return 0;
  }
  if (fstatat (top (walk), name, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return errno;
  if (S_ISLNK (status.st_mode))
    return follow_link (walk, name);
  if (S_ISDIR (status.st_mode))
    return enter (walk, name);
  if (!g_queue_is_empty (walk->names))
    return ENOTDIR;
  *fd = openat (top (walk), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  return *fd < 0 ? errno : 0;
}

int
xm_guest_path_open (const char *root, const char *path)
{
  int fd = -1;
  int dir = open (root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return -1;
  Walk walk = { g_array_new (FALSE, FALSE, sizeof (int)), g_queue_new (), 0 };
  g_array_append_val (walk.dirs, dir);
  push_names (&walk, path);
  int errsv = 0;
  char *name;
  while (errsv == 0 && (name = g_queue_pop_head (walk.names)) != NULL) {
    errsv = step (&walk, name, &fd);
    g_free (name);
  }
  if (errsv == 0 && fd < 0)
    errsv = EISDIR;
  leave (&walk, 0);
  g_array_unref (walk.dirs);
  g_queue_free_full (walk.names, g_free);
  errno = errsv;
  return fd;
}
