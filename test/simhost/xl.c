/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated `xl`: behaves and prints as recorded on real Xen 4.17. What
 * needs no hypervisor (help, usage, parsing of configurations) is left to the
 * real xl, which runs under the stand-in.
 */
#include "xl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *name;
  const char *options; /* getopt's short options */
  int min_args;
  int (*handler) (XlCall *call);
} Subcommand;

static const Subcommand subcommands[] = {
  { "create", "Fnqf:pcdeVA", 0, xl_create },
  { "config-update", "dqf:", 2, xl_config_update },
  { "list", "lvZcn", 0, xl_list },
  { "destroy", "f", 1, xl_destroy },
  { "shutdown", "awF", 0, xl_shutdown },
  { "reboot", "awF", 0, xl_reboot },
  { "pause", "", 1, xl_pause },
  { "unpause", "", 1, xl_unpause },
  { "save", "cpD", 2, xl_save },
  { "restore", "FpedVA", 1, xl_restore },
  { "cd-insert", "", 3, xl_cd_insert },
  { "cd-eject", "", 2, xl_cd_eject },
  { "mem-max", "", 2, xl_mem_max },
  { "mem-set", "", 2, xl_mem_set },
  { "button-press", "", 2, xl_button_press },
  { "vcpu-list", "", 0, xl_vcpu_list },
  { "vcpu-set", "i", 2, xl_vcpu_set },
  { "info", "", 0, xl_info },
  { "domid", "", 1, xl_domid },
  { "domname", "", 1, xl_domname },
  { "rename", "", 2, xl_rename },
  { "trigger", "", 2, xl_trigger },
  { "sysrq", "", 2, xl_sysrq },
  { "network-attach", "", 1, xl_network_attach },
  { "network-list", "", 1, xl_network_list },
  { "network-detach", "", 2, xl_network_detach },
  { "block-attach", "", 2, xl_block_attach },
  { "block-list", "", 1, xl_block_list },
  { "block-detach", "f", 2, xl_block_detach },
  { "uptime", "", 0, xl_uptime },
  { "qemu-monitor-command", "", 2, xl_qemu_monitor_command },
};

static const struct option long_options[] = {
  { "long", no_argument, NULL, 'l' },
  { "verbose", no_argument, NULL, 'v' },
  { "context", no_argument, NULL, 'Z' },
  { "cpupool", no_argument, NULL, 'c' },
  { "numa", no_argument, NULL, 'n' },
  { "all", no_argument, NULL, 'a' },
  { "wait", no_argument, NULL, 'w' },
  { "dryrun", no_argument, NULL, 'n' },
  { "quiet", no_argument, NULL, 'q' },
  { "force", no_argument, NULL, 'f' },
  { "ignore-host", no_argument, NULL, 'i' },
  { "defconfig", required_argument, NULL, 'f' },
  { NULL, 0, NULL, 0 },
};

/* One line per call, for the tests that count them. */
static void
log_call (char **argv)
{
  g_autoptr (GString) line = g_string_new ("xl");

  for (char **p = argv + 1; *p != NULL; p++) {
    g_autofree char *escaped = g_strescape (*p, NULL);
    g_autofree char *word =
        strpbrk (*p, " \\") != NULL || **p == '\0' ? g_shell_quote (escaped) : g_strdup (escaped);

    g_string_append_printf (line, " %s", word);
  }
  sim_append ("calls", line->str);
}

/* Fills @call; FALSE when the real xl has to explain what is wrong with the words. */
static gboolean
parse_words (const Subcommand *command, int argc, char **argv, XlCall *call)
{
  g_autofree char *letters = g_strconcat (command->options, "h", NULL);
  int letter;

  opterr = 0;
  optind = 1;
  while ((letter = getopt_long (argc, argv, letters, long_options, NULL)) != -1) {
    if (letter == 'h' || letter == '?' || strchr (letters, letter) == NULL)
      return FALSE;
    call->options[letter & 127]++;
    if (optarg != NULL)
      call->file = optarg;
  }
  call->argc = argc - optind;
  call->argv = argv + optind;
  return call->argc >= command->min_args;
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) words = g_strdupv (argv); /* getopt reorders its array */
  const Subcommand *command = NULL;
  XlCall call = { 0 };
  int letter, status;

  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  log_call (words);
  opterr = 0;
  while ((letter = getopt (argc, argv, "+vfNtT")) != -1)
    if (letter == 'N')
      call.dry_run = TRUE;
    else if (letter == '?')
      sim_real_xl (words);
  for (guint i = 0; optind < argc && i < G_N_ELEMENTS (subcommands); i++)
    if (g_str_equal (argv[optind], subcommands[i].name))
      command = &subcommands[i];
  xl_fault_begin (optind < argc ? argv[optind] : "");
  call.words = words + optind + 1;
  if (command == NULL || !parse_words (command, argc - optind, argv + optind, &call))
    sim_real_xl (words);
  status = command->handler (&call);
  xl_fault_end ();
  return status;
}
