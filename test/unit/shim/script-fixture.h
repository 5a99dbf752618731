/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Programs of the test's own, which it hands to the service to be run, and the
 * ways to talk to them. They find their directory in $T.
 */

/**
 * scripts_new: (transfer full): a fresh directory for them, which $T names from now on. To be
 * called before there is a service, whose threads read the environment.
 */
char *scripts_new (void);

/** script_new: (transfer full): path of a program with @body, in bash. */
char *script_new (const char *dir, const char *name, const char *body);

/** scripts_search: from now on the programs in @dir are found by their names. To be called before
 * there is a service, too. */
void scripts_search (const char *dir);

/** script_noting: as script_new(); before @body it adds a line `NAME ARGUMENTS` to $T/calls. */
void script_noting (const char *dir, const char *name, const char *body);

/** Channel: a FIFO in $T, open at the test's end, so that a program waits only for words. */
typedef struct {
  int fd;
} Channel;

Channel channel_new (const char *dir, const char *name);
void channel_close (Channel *channel);

/** channel_say: one line, for a program that says `read -r word <$T/NAME`. */
void channel_say (const Channel *channel, const char *word);

/** channel_hear: (transfer full): the next line that a program prints `>$T/NAME`; runs the main
 * context meanwhile. */
char *channel_hear (const Channel *channel);

/** channel_expect: hears exactly @word. */
void channel_expect (const Channel *channel, const char *word);

/** channel_is_silent: nothing has been said that was not heard. */
gboolean channel_is_silent (const Channel *channel);

/** run_until: runs the main context until @flag is set. */
void run_until (const gboolean *flag);
