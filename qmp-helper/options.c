/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum { TEXT, NUMBER, DOMID, FLAG, FLAG_OFF, WORD, OCTAL, UID, NOTHING } Kind;

/** Row: one option; where its value goes and what it may be. */
typedef struct {
  const char *name;
  Kind kind;
  size_t at;
  uint32_t least, most;     /* NUMBER */
  const char *const *words; /* WORD: value is the index */
  const char *argument, *help;
} Row;

#define AT(field) offsetof (QhOptions, field)

static const char *const unix_types[] = { "dgram", "seqpacket", "stream", NULL };
static const char *const levels[] = { "error", "notice", "info", "debug", NULL };

static const Row rows[] = {
  { "transport", TEXT, AT (transport), 0, 0, NULL, "NAME", "argo (default), v4v, vchan or unix" },
  { "guest", DOMID, AT (guest), 0, 0, NULL, "DOMID", "whose device model it is" },
  { "stubdom", DOMID, AT (stubdom), 0, 0, NULL, "DOMID", "where the device model runs" },
  { "socket", TEXT, AT (socket), 0, 0, NULL, "PATH",
    "where clients connect (" QH_RUN_DIR "/qmp-libxl-GUEST)" },
  { "connect", TEXT, AT (connect), 0, 0, NULL, "PATH",
    "be the other end, in the stubdomain: carry sessions to QEMU's socket" },
  { "port", NUMBER, AT (port), 1, UINT32_MAX, NULL, "N", "own argo or v4v port (5100)" },
  { "remote-port", NUMBER, AT (remote_port), 1, UINT32_MAX, NULL, "N", "the other end's (15100)" },
  { "ring-size", NUMBER, AT (ring_size), 4096, 16 << 20, NULL, "BYTES", "receive ring (16304)" },
  { "max-datagram", NUMBER, AT (max_datagram), 16, 65536, NULL, "BYTES",
    "largest datagram to send (4096, what QEMU's end takes)" },
  { "any-port", FLAG, AT (any_port), 0, 0, NULL, NULL,
    "answer to the port that the other end uses" },
  { "vchan", TEXT, AT (vchan_path), 0, 0, NULL, "NODE", "the vchan's directory in xenstore" },
  { "reconnect-marker", NUMBER, AT (marker), 0, 1, NULL, "0|1",
    "vchan: a byte of value 1 begins each session" },
  { "peer", TEXT, AT (peer), 0, 0, NULL, "PATH", "unix: the other end's socket" },
  { "local", TEXT, AT (local), 0, 0, NULL, "PATH", "unix, datagrams: own socket (PEER.helper)" },
  { "unix-type", WORD, AT (unix_type), 0, 0, unix_types, "TYPE", "dgram, seqpacket or stream" },
  { "mux", FLAG, AT (mux), 0, 0, NULL, NULL, "serve several clients at once" },
  { "stall-time", NUMBER, AT (stall_seconds), 1, 3600, NULL, "SECONDS",
    "drop a client that takes nothing for so long (10)" },
  { "wait", NUMBER, AT (wait_seconds), 0, 3600, NULL, "SECONDS",
    "wait so long for the other domain to appear (10)" },
  { "queue-size", NUMBER, AT (queue_size), 65536, 16 << 20, NULL, "BYTES",
    "what may be on its way in each direction (262144)" },
  { "user", TEXT, AT (user), 0, 0, NULL, "NAME", "become this user once everything is open" },
  { "group", TEXT, AT (group), 0, 0, NULL, "NAME", "and this group (the user's)" },
  { "mode", OCTAL, AT (mode), 0, 0, NULL, "OCTAL", "permissions of the socket (0600)" },
  { "allow-uid", UID, 0, 0, 0, NULL, "UID", "serve this user too, not only root (repeatable)" },
  { "no-sandbox", FLAG_OFF, AT (sandbox), 0, 0, NULL, NULL,
    "keep privileges and all system calls" },
  { "sandbox-test", FLAG, AT (sandbox_test), 0, 0, NULL, NULL,
    "enter the sandbox, try what it forbids, and tell" },
  { "state-path", TEXT, AT (state_path), 0, 0, NULL, "NODE",
    "write `running` to this xenstore node when ready" },
  { "ready-fd", NUMBER, AT (ready_fd), 0, 1024, NULL, "FD", "close this descriptor when ready" },
  { "linger", FLAG, AT (linger), 0, 0, NULL, NULL, "outlive the stubdomain" },
  { "qmp-check", FLAG, AT (check), 0, 0, NULL, NULL, "count QEMU's messages for the statistics" },
  { "stats", FLAG, AT (stats), 0, 0, NULL, NULL, "write statistics at the end, as SIGUSR1 does" },
  { "log-level", WORD, AT (log_level), 0, 0, levels, "LEVEL", "error, notice, info or debug" },
  { "foreground", NOTHING, 0, 0, 0, NULL, NULL, "accepted; it never goes to the background" },
  /* What vchan-socket-proxy understands besides. */
  { "verbose", NOTHING, 0, 0, 0, NULL, NULL, "as --log-level debug; also -v" },
};

#define N_ROWS      (sizeof rows / sizeof *rows)
#define N_EXTRA     3
#define OPT_HELP    1000
#define OPT_VERSION 1001

bool
qh_number_parse (const char *text, uint32_t most, uint32_t *number)
{
  uint64_t value = 0;
  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9')
      return false;
    value = value * 10 + (uint64_t)(*text - '0');
    if (value > most)
      return false;
  }
  *number = (uint32_t)value;
  return true;
}

static bool
wrong (const char *name, const char *value, const char *expected)
{
  fprintf (stderr, "qmp-helper: --%s: `%s' is not %s\n", name, value, expected);
  return false;
}

static bool
set_word (const Row *row, const char *value, int *into)
{
  for (int i = 0; row->words[i] != NULL; i++)
    if (strcmp (row->words[i], value) == 0) {
      *into = i;
      return true;
    }
  return wrong (row->name, value, "one of its words");
}

static bool
set_octal (const Row *row, const char *value, mode_t *into)
{
  size_t len = strlen (value);
  if (len == 0 || len > 5 || strspn (value, "01234567") != len || strtoul (value, NULL, 8) > 0777)
    return wrong (row->name, value, "an octal mode");
  *into = (mode_t)strtoul (value, NULL, 8);
  return true;
}

static bool
add_uid (QhOptions *options, const Row *row, const char *value)
{
  uint32_t uid;
  if (!qh_number_parse (value, UINT32_MAX - 1, &uid))
    return wrong (row->name, value, "a user id");
  if (options->n_allowed == QH_ALLOWED_UIDS)
    return wrong (row->name, value, "possible: too many");
  options->allowed[options->n_allowed++] = uid;
  return true;
}

static bool
set_domid (const char *name, const char *value, int *into)
{
  uint32_t number;
  if (!qh_number_parse (value, QH_MAX_DOMID, &number))
    return wrong (name, value, "a domain id (0 to 32751)");
  *into = (int)number;
  return true;
}

static bool
set_number (const Row *row, const char *value, void *at)
{
  uint32_t number;
  if (!qh_number_parse (value, row->most, &number) || number < row->least) {
    fprintf (stderr, "qmp-helper: --%s: `%s' is not a number from %u to %u\n", row->name, value,
             (unsigned)row->least, (unsigned)row->most);
    return false;
  }
  if (row->at == AT (marker))
    *(bool *)at = number == 1;
  else if (row->at == AT (ready_fd))
    *(int *)at = (int)number;
  else
    *(uint32_t *)at = number;
  return true;
}

static bool
set_row (QhOptions *options, const Row *row, const char *value)
{
  void *at = (char *)options + row->at;
  int word = 0;

  switch (row->kind) {
  case TEXT:
    *(const char **)at = value;
    return true;
  case NUMBER:
    return set_number (row, value, at);
  case DOMID:
    return set_domid (row->name, value, at);
  case FLAG:
  case FLAG_OFF:
    *(bool *)at = row->kind == FLAG;
    return true;
  case WORD:
    if (!set_word (row, value, &word))
      return false;
    if (row->words == levels)
      options->log_level = (QhLogLevel)word;
    else
      options->unix_type = (QhUnixType)word;
    return true;
  case OCTAL:
    return set_octal (row, value, at);
  case UID:
    return add_uid (options, row, value);
  default:
    return true;
  }
}

/* vchan-socket-proxy's --mode is a word, ours is octal: both in one option. */
static bool
set_mode (QhOptions *options, const Row *row, const char *value, bool *server)
{
  *server = strcmp (value, "server") == 0;
  return *server || strcmp (value, "client") == 0 || set_row (options, row, value);
}

static bool
usage_error (const char *text)
{
  fprintf (stderr, "qmp-helper: %s; see --help\n", text);
  return false;
}

/* The guest's domid from .../device-model/GUEST/..., for the log only. */
static void
guess_guest (QhOptions *options)
{
  const char *part = strstr (options->vchan_path, "device-model/");
  uint32_t guest = 0;
  if (part == NULL || options->guest >= 0)
    return;
  for (part += strlen ("device-model/"); *part >= '0' && *part <= '9'; part++)
    guest = guest * 10 + (uint32_t)(*part - '0');
  options->guest = guest <= QH_MAX_DOMID ? (int)guest : -1;
}

static bool
take_positional (QhOptions *options, char **words, int count, bool server)
{
  switch (count) {
  case 0:
    return !server || usage_error ("--mode=server needs DOMID NODE SOCKET");
  case 2:
    return set_domid ("guest", words[0], &options->guest) &&
           set_domid ("stubdom", words[1], &options->stubdom);
  case 3:
    if (options->transport == NULL)
      options->transport = "vchan";
    options->vchan_path = words[1];
    *(server ? &options->connect : &options->socket) = words[2];
    guess_guest (options);
    return set_domid ("stubdom", words[0], &options->stubdom);
  default:
    return usage_error ("wrong number of arguments");
  }
}

static bool
check_together (QhOptions *options)
{
  bool is_unix = strcmp (options->transport, "unix") == 0;

  if (options->connect == NULL && options->socket == NULL) {
    if (options->guest < 0)
      return usage_error ("neither a guest nor a socket is given");
    snprintf (options->default_socket, sizeof options->default_socket, "%s/qmp-libxl-%d",
              QH_RUN_DIR, options->guest);
    options->socket = options->default_socket;
  }
  if (is_unix && options->peer == NULL)
    return usage_error ("the unix transport needs --peer");
  if (is_unix && options->local == NULL) {
    int len = snprintf (options->default_local, sizeof options->default_local, "%s.helper",
                        options->peer);
    if (len >= (int)sizeof options->default_local)
      return usage_error ("--peer is too long");
    options->local = options->default_local;
  }
  if (!is_unix && options->stubdom < 0)
    return usage_error ("no stubdomain is given");
  if (strcmp (options->transport, "vchan") == 0 && options->vchan_path == NULL)
    return usage_error ("the vchan transport needs --vchan");
  /* The stubdomain's end has the ports the other way round. */
  if (options->port == 0)
    options->port = options->connect != NULL ? QH_REMOTE_PORT : QH_PORT;
  if (options->remote_port == 0)
    options->remote_port = options->connect != NULL ? QH_PORT : QH_REMOTE_PORT;
  if (options->ring_size > options->queue_size / 4)
    return usage_error ("--queue-size must be four times --ring-size");
  /* libxl passes its environment on, and has no option for this. */
  const char *mux = getenv ("QMP_HELPER_MUX");
  if (mux != NULL && strcmp (mux, "1") == 0 && options->connect == NULL)
    options->mux = true;
  if (options->mux && options->connect != NULL)
    return usage_error ("--mux and --connect exclude each other");
  return true;
}

QhParsed
qh_options_parse (QhOptions *options, int argc, char **argv)
{
  struct option table[N_ROWS + N_EXTRA] = { { NULL, 0, NULL, 0 } };
  bool server = false;
  int at = 0, found;

  for (size_t i = 0; i < N_ROWS; i++)
    table[at++] =
        (struct option){ rows[i].name, rows[i].argument != NULL ? required_argument : no_argument,
                         NULL, (int)i };
  table[at++] = (struct option){ "help", no_argument, NULL, OPT_HELP };
  table[at++] = (struct option){ "version", no_argument, NULL, OPT_VERSION };
  *options = (QhOptions){ .guest = -1,
                          .stubdom = -1,
                          .ring_size = QH_RING_SIZE,
                          .max_datagram = QH_MAX_DATAGRAM,
                          .queue_size = QH_QUEUE_SIZE,
                          .stall_seconds = QH_STALL_SECONDS,
                          .wait_seconds = 10,
                          .ready_fd = -1,
                          .mode = 0600,
                          .sandbox = true,
                          .log_level = QH_LOG_NOTICE };
  optind = 0;
  while ((found = getopt_long (argc, argv, "vh", table, NULL)) != -1) {
    bool fine = true;
    if (found == OPT_HELP || found == 'h')
      return QH_PARSED_HELP;
    if (found == OPT_VERSION)
      return QH_PARSED_VERSION;
    if (found == '?')
      return QH_PARSED_WRONG;
    if (found == 'v' || strcmp (rows[found].name, "verbose") == 0)
      options->log_level = QH_LOG_DEBUG;
    else if (strcmp (rows[found].name, "mode") == 0)
      fine = set_mode (options, &rows[found], optarg, &server);
    else
      fine = set_row (options, &rows[found], optarg);
    if (!fine)
      return QH_PARSED_WRONG;
  }
  if (!take_positional (options, argv + optind, argc - optind, server))
    return QH_PARSED_WRONG;
  if (options->transport == NULL)
    options->transport = options->peer != NULL ? "unix" : "argo";
  return check_together (options) ? QH_PARSED : QH_PARSED_WRONG;
}

void
qh_options_help (void)
{
  puts ("usage: qmp-helper GUEST STUBDOM\n"
        "       qmp-helper [OPTION...] STUBDOM VCHAN-NODE SOCKET\n"
        "       qmp-helper [OPTION...] --guest=DOMID --stubdom=DOMID\n\n"
        "Carries QMP between a UNIX socket and a device model in a stubdomain.\n");
  for (size_t i = 0; i < N_ROWS; i++) {
    char name[48];
    if (rows[i].help == NULL)
      continue;
    snprintf (name, sizeof name, "--%s%s%s", rows[i].name, rows[i].argument != NULL ? "=" : "",
              rows[i].argument != NULL ? rows[i].argument : "");
    printf ("  %-24s %s\n", name, rows[i].help);
  }
}
