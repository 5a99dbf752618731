/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "script-fixture.h"

#include <check.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store-fixture.h"

char *
scripts_new (void)
{
  char *dir = fixture_new ();
  g_setenv ("T", dir, TRUE);
  return dir;
}

char *
script_new (const char *dir, const char *name, const char *body)
{
  g_autofree char *text = g_strconcat ("#!/bin/bash\n", body, "\n", NULL);
  char *path = g_build_filename (dir, name, NULL);
  fixture_write_file (dir, name, text);
  ck_assert_int_eq (chmod (path, 0755), 0);
  return path;
}

void
scripts_search (const char *dir)
{
  g_autofree char *path = g_strjoin (":", dir, g_getenv ("PATH"), NULL);
  g_setenv ("PATH", path, TRUE);
}

void
script_noting (const char *dir, const char *name, const char *body)
{
  g_autofree char *text = g_strdup_printf ("echo \"%s $*\" >>\"$T/calls\"\n%s", name, body);
  g_free (script_new (dir, name, text));
}

Channel
channel_new (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  ck_assert_int_eq (mkfifo (path, 0600), 0);
  Channel channel = { open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC) };
  ck_assert_int_ge (channel.fd, 0);
  return channel;
}

void
channel_close (Channel *channel)
{
  close (channel->fd);
}

void
channel_say (const Channel *channel, const char *word)
{
  g_autofree char *line = g_strconcat (word, "\n", NULL);
  ck_assert_int_eq (write (channel->fd, line, strlen (line)), (ssize_t)strlen (line));
}

static gboolean
on_word (int fd, GIOCondition condition, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

char *
channel_hear (const Channel *channel)
{
  g_autoptr (GString) line = g_string_new (NULL);
  for (char c = '\0'; c != '\n';) {
    if (read (channel->fd, &c, 1) == 1) {
      g_string_append_c (line, c);
      continue;
    }
    gboolean ready = FALSE;
    g_unix_fd_add (channel->fd, G_IO_IN, on_word, &ready);
    run_until (&ready);
  }
  return g_strndup (line->str, line->len - 1);
}

void
channel_expect (const Channel *channel, const char *word)
{
  g_autofree char *heard = channel_hear (channel);
  ck_assert_str_eq (heard, word);
}

gboolean
channel_is_silent (const Channel *channel)
{
  struct pollfd pollfd = { channel->fd, POLLIN, 0 };
  return poll (&pollfd, 1, 0) == 0;
}

void
run_until (const gboolean *flag)
{
  while (!*flag)
    g_main_context_iteration (NULL, TRUE);
}
