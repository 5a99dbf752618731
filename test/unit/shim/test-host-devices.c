/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods of /host: lists of devices and files, graphics, optical drives, sound, the license. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host-fixture.h"
#include "script-fixture.h"
#include "shim/cd-device.h"
#include "shim/vm.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH  "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define OTHER "9a3c1d5e-4f60-4b7a-9c21-0123456789ab"

static GVariant *
text (const char *argument)
{
  return g_variant_new ("(s)", argument);
}

/* (transfer full): the answer of a method that lists dictionaries. */
static GVariant *
list (const Host *host, const char *method)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, "/host", HOST, method, NULL, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return g_variant_get_child_value (answer, 0);
}

static void
entry_is (GVariant *entries, gsize i, const char *expected)
{
  g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
  g_autofree char *printed = g_variant_print (entry, FALSE);
  ck_assert_str_eq (printed, expected);
}

/* -- lists ------------------------------------------------------------------------- */

START_TEST (isos)
{
  Host host = host_fixture_new ();
  answers (&host, "list_isos", NULL, "([],)");
  has (&host, "storage/isos/b.iso", "");
  has (&host, "storage/isos/a b.iso", "");
  has (&host, "storage/isos/null.iso", "");
  has (&host, "storage/isos/c.ISO", "");
  has (&host, "storage/isos/d.iso.part", "");
  has (&host, "storage/isos/bad\xff.iso", "");
  answers (&host, "list_isos", NULL, "(['a b.iso', 'b.iso'],)");
  g_autofree char *other = g_build_filename (host.root, "elsewhere", NULL);
  has (&host, "elsewhere/x.iso", "");
  fixture_write (host.service->store, "/xenmgr/isos", other);
  answers (&host, "list_isos", NULL, "(['x.iso'],)");
  host_fixture_free (&host);
}
END_TEST

START_TEST (ui_plugins)
{
  Host host = host_fixture_new ();
  answers (&host, "list_ui_plugins", text ("x"), "([],)");
  has (&host, "usr/lib/xui/plugins/tabs/two.js", "");
  has (&host, "usr/lib/xui/plugins/tabs/one.js", "");
  has (&host, "usr/lib/xui/secret/s", "");
  answers (&host, "list_ui_plugins", text ("tabs"), "(['one.js', 'two.js'],)");
  answers (&host, "list_ui_plugins", text (""), "(['tabs'],)");
  answers (&host, "list_ui_plugins", text ("/tabs/"), "(['one.js', 'two.js'],)");
  answers (&host, "list_ui_plugins", text ("../secret"), "bad subdirectory");
  answers (&host, "list_ui_plugins", text ("tabs/../../secret"), "bad subdirectory");
  host_fixture_free (&host);
}
END_TEST

START_TEST (disks)
{
  static const char *const virtual[] = { "dm-0", "loop0", "nbd0", "ram0", "zram0" };
  Host host = host_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (virtual); i++) {
    g_autofree char *file = g_strconcat ("sys/block/", virtual[i], "/device/x", NULL);
    has (&host, file, "");
  }
  has (&host, "sys/block/md0/size", "8\n");
  has (&host, "sys/block/sr0/device/type", "5\n");
  has (&host, "sys/block/sda/device/type", "0\n");
  has (&host, "sys/block/cciss!c0d0/device/type", "0\n");
  g_autoptr (GVariant) entries = list (&host, "list_disk_devices");
  ck_assert_uint_eq (g_variant_n_children (entries), 3);
  entry_is (entries, 0,
            "{'block-device': '/dev/cciss/c0d0', 'udi': "
            "'/org/freedesktop/UDisks2/block_devices/cciss!c0d0'}");
  entry_is (entries, 1,
            "{'block-device': '/dev/sda', 'udi': '/org/freedesktop/UDisks2/block_devices/sda'}");
  entry_is (entries, 2,
            "{'block-device': '/dev/sr0', 'udi': '/org/freedesktop/UDisks2/block_devices/sr0'}");
  host_fixture_free (&host);
}
END_TEST

START_TEST (pci_devices)
{
  Host host = host_fixture_new ();
  g_autoptr (GVariant) entries = list (&host, "list_pci_devices");
  ck_assert_uint_eq (g_variant_n_children (entries), 13);
  entry_is (entries, 9,
            "{'addr': '0000:02:00.0', 'class': '0x200', 'device-id': '0x1521', 'name': 'Intel "
            "Corporation I350 Gigabit Network Connection', 'vendor-id': '0x8086'}");
  entry_is (entries, 12,
            "{'addr': '0001:04:1f.7', 'class': '0x108', 'device-id': '0xFFFE', 'name': 'Unknown "
            "device (1b4b:fffe)', 'vendor-id': '0x1B4B'}");
  host_fixture_free (&host);
}
END_TEST

/* -- graphics ---------------------------------------------------------------------- */

/* (transfer full): of each entry the values of two keys: `address=value ...`. */
static char *
summary (const Host *host, const char *method, const char *key)
{
  g_autoptr (GVariant) entries = list (host, method);
  GString *out = g_string_new (NULL);
  for (gsize i = 0; i < g_variant_n_children (entries); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
    const char *address, *value;
    ck_assert (g_variant_lookup (entry, "addr", "&s", &address));
    ck_assert (g_variant_lookup (entry, key, "&s", &value));
    g_string_append_printf (out, "%s%s=%s", i > 0 ? " " : "", address, value);
  }
  return g_string_free (out, FALSE);
}

static void
summary_is (const Host *host, const char *method, const char *key, const char *expected)
{
  g_autofree char *got = summary (host, method, key);
  ck_assert_str_eq (got, expected);
}

START_TEST (placement)
{
  Host host = host_fixture_new ();
  GVariant *where = g_variant_new ("(si)", "0000:01:00.0", -3);
  summary_is (&host, "list_gpu_devices", "placement",
              "0000:00:02.0=0 0000:00:02.1=1 0000:01:00.0=2 0000:03:00.0=3");
  answers (&host, "get_gpu_placement", text ("0000:01:00.0"), "(2,)");
  answers (&host, "configure_gpu_placement", where, "()");
  answers (&host, "get_gpu_placement", text ("0000:01:00.0"), "(-3,)");
  answers (&host, "get_gpu_placement", text ("0000:09:00.0"), "234:Unknown GPU \"0000:09:00.0\"");
  answers (&host, "configure_gpu_placement", g_variant_new ("(si)", "0000:02:00.0", 1),
           "234:Unknown GPU \"0000:02:00.0\""); /* a NIC */
  answers (&host, "configure_gpu_placement", g_variant_new ("(si)", "../../x", 1),
           "234:Unknown GPU \"../../x\"");
  host_fixture_free (&host);
}
END_TEST

#define REFUSED "A gpu is already assigned for Passthrough or badly formed."

START_TEST (displayhandler)
{
  static const char *const malformed[] = {
    ",",
    "0000:00:02.0,",
    "0000:00:02",
    "0:0:2.0",
    "0000/00/02.0",
    "0000:00:02.0 ",
    "0000:01:00.0", /* passed through */
  };
  Host host = host_fixture_new ();
  has_link (&host, "sys/class/drm/card0", "../../devices/pci0000:00/0000:00:02.0/drm/card0");
  has_link (&host, "sys/class/drm/card0-DP-1",
            "../../devices/pci0000:00/0000:03:00.0/drm/card0/card0-DP-1");
  has_link (&host, "sys/class/drm/card12", "../../devices/pci0000:00/0000:01:00.0/drm/card12");
  answers (&host, "get_displayhandler_gpu", NULL, "('0',)");

  service_fixture_add_vm (host.fixture, UUID, "{\"name\":\"n\",\"gpu\":\"0000:01:00.0\"}");
  summary_is (&host, "list_gpus_for_displayhandler", "drmcard",
              "0000:00:02.0=0 0000:00:02.1=-1 0000:03:00.0=-1");
  service_fixture_signals (host.fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    answers (&host, "set_displayhandler_gpu", text (malformed[i]), REFUSED);
  ck_assert_uint_eq (service_fixture_signals (host.fixture)->len, 0);
  answers (&host, "set_displayhandler_gpu", text ("0000:00:02.0,0000:03:00.0"), "()");
  ck_assert_str_eq (service_fixture_signals (host.fixture)->pdata[0],
                    "displayhandler_gpu_changed ()");
  answers (&host, "get_displayhandler_gpu", NULL, "('0,-1',)");
  summary_is (&host, "list_gpu_devices", "placement", "0000:00:02.1=1 0000:01:00.0=2");
  answers (&host, "set_displayhandler_gpu", text (""), "()");
  answers (&host, "get_displayhandler_gpu", NULL, "('0',)");
  host_fixture_free (&host);
}
END_TEST

/* -- optical drives ---------------------------------------------------------------- */

#define ATA   "sys/devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0/"
#define USB   "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/"
#define STICK USB "2-1:1.0/host12/target12:0:0/12:0:0:0/"

static void
has_drives (const Host *host)
{
  has (host, ATA "type", "5\n");
  has (host, ATA "vendor", "HL-DT-ST\n");
  has (host, ATA "model", "DVD+-RW GH70N    \n");
  has (host, ATA "block/sr0/dev", "11:0\n");
  has_link (host, "sys/bus/scsi/devices/1:0:0:0",
            "../../../devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0");
  has (host, USB "busnum", "2\n");
  has (host, USB "devnum", "5\n");
  has (host, STICK "type", "5\n");
  has (host, STICK "vendor", "Vendor\n");
  has (host, STICK "model", "\n");
  has_link (
      host, "sys/bus/scsi/devices/12:0:0:0",
      "../../../devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host12/target12:0:0/12:0:0:0");
  has (host, "sys/bus/scsi/devices/0:0:0:0/type", "0\n"); /* a disk */
  has (host, "sys/bus/scsi/devices/host1/type", "5\n");
}

static GVariant *
assignment (const char *device, gboolean sticky, const char *uuid)
{
  return g_variant_new ("(sbs)", device, sticky, uuid);
}

START_TEST (drives)
{
  Host host = host_fixture_new ();
  has_drives (&host);
  service_fixture_add_vm (host.fixture, UUID, "{\"name\":\"n\"}");
  answers (&host, "assign_cd_device", assignment ("12:0:0:0", TRUE, UUID), "()");
  g_autoptr (GVariant) entries = list (&host, "list_cd_devices");
  ck_assert_uint_eq (g_variant_n_children (entries), 2);
  entry_is (entries, 0,
            "{'id': '1:0:0:0', 'name': 'HL-DT-ST DVD+-RW GH70N', 'usb-id': '', 'vm': '', "
            "'vm-sticky': '0'}");
  entry_is (entries, 1,
            "{'id': '12:0:0:0', 'name': 'Vendor', 'usb-id': '517', 'vm': '" UUID
            "', 'vm-sticky': '1'}");
  host_fixture_free (&host);
}
END_TEST

START_TEST (assigning)
{
  Host host = host_fixture_new ();
  service_fixture_add_vm (host.fixture, UUID, "{\"name\":\"n\"}");
  service_fixture_add_vm (host.fixture, OTHER, "{\"name\":\"o\"}");
  service_fixture_signals (host.fixture);
  answers (&host, "get_cd_device_assignment", text ("1:0:0:0"), "(false, '')");
  answers (&host, "assign_cd_device", assignment ("1:0:0:0", TRUE, UUID), "()");
  answers (&host, "get_cd_device_assignment", text ("1:0:0:0"), "(true, '" UUID "')");
  ck_assert_str_eq (xm_store_read (host.service->store, "/xenmgr/cdassign/1_0_0_0"), UUID);
  ck_assert_str_eq (service_fixture_signals (host.fixture)->pdata[0],
                    "cd_assignment_changed ('1:0:0:0', '" UUID "', '" PATH "')");
  answers (&host, "assign_cd_device", assignment ("1:0:0:0", TRUE, UUID), "()");
  ck_assert_uint_eq (service_fixture_signals (host.fixture)->len, 0); /* nothing new */

  answers (&host, "assign_cd_device", assignment ("1:0:0:0", TRUE, OTHER), "()");
  answers (&host, "get_cd_device_assignment", text ("1:0:0:0"), "(true, '" OTHER "')");
  service_fixture_signals (host.fixture);
  answers (&host, "assign_cd_device", assignment ("1:0:0:0", FALSE, ""), "()");
  ck_assert_str_eq (service_fixture_signals (host.fixture)->pdata[0],
                    "cd_assignment_changed ('1:0:0:0', '', '/')");
  ck_assert (!xm_store_exists (host.service->store, "/xenmgr/cdassign/1_0_0_0"));

  /* A VM that is gone has no drive. */
  answers (&host, "assign_cd_device", assignment ("1:0:0:0", TRUE, OTHER), "()");
  fixture_remove (host.service->store, "/vm/" OTHER);
  answers (&host, "get_cd_device_assignment", text ("1:0:0:0"), "(false, '')");
  answers (&host, "assign_cd_device", assignment ("1:0:0:0", TRUE, "nosuch"),
           "no vm with uuid nosuch");
  host_fixture_free (&host);
}
END_TEST

START_TEST (bad_drives)
{
  static const char *const ids[] = {
    "", "1", "1:0:0", "1:0:0:0:0", "1:0:0:x", "1:0:0:-1", "1:0::0", " 1:0:0:0", "1:0:0:4294967296",
  };
  Host host = host_fixture_new ();
  answers (&host, "assign_cd_device", assignment (ids[_i], TRUE, ""), "bad device id");
  answers (&host, "get_cd_device_assignment", text (ids[_i]), "bad device id");
  answers (&host, "eject_cd_device", text (ids[_i]), "bad device id");
  host_fixture_free (&host);
}
END_TEST

START_TEST (ejecting)
{
  Host host = host_fixture_new ();
  has_drives (&host);
  answers (&host, "eject_cd_device", text ("7:0:0:0"), "()");  /* there is none */
  answers (&host, "eject_cd_device", text ("12:0:0:0"), "()"); /* no block device */
  g_autofree char *node = g_build_filename (host.root, "dev/sr0", NULL);
  g_autofree char *missing =
      g_strdup_printf ("223:IO error: %s: eject: No such file or directory", node);
  answers (&host, "eject_cd_device", text ("1:0:0:0"), missing);
  has (&host, "dev/sr0", "");
  g_autofree char *no_drive =
      g_strdup_printf ("223:IO error: %s: eject: Inappropriate ioctl for device", node);
  answers (&host, "eject_cd_device", text ("1:0:0:0"), no_drive);
  host_fixture_free (&host);
}
END_TEST

/* -- sound ------------------------------------------------------------------------- */

START_TEST (sound_devices)
{
  Host host = host_fixture_new ();
  answers (&host, "list_playback_devices", NULL, "([],)");
  answers (&host, "list_sound_cards", NULL, "([],)");
  has (&host, "proc/asound/pcm",
       "00-00: ALC269VC Analog : ALC269VC Analog : playback 1 : capture 1\n"
       "00-03: HDMI 0 : HDMI 0 : playback 1\n"
       "01-00: USB Audio : USB Audio : capture 1\n"
       "02-00: playback 1 : x : playback 10\n"
       "rubbish\n");
  has (&host, "proc/asound/cards",
       " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
       "                      HDA Intel PCH at 0xf7c30000 irq 33\n"
       "10 [U]: USB-Audio - odd [x]: name\n"
       "-- [x]: no card\n");
  answers (&host, "list_playback_devices", NULL,
           "([{'card': '0', 'id': '00-00', 'name': 'ALC269VC Analog'}, "
           "{'card': '0', 'id': '00-03', 'name': 'HDMI 0'}],)");
  answers (&host, "list_capture_devices", NULL,
           "([{'card': '0', 'id': '00-00', 'name': 'ALC269VC Analog'}, "
           "{'card': '1', 'id': '01-00', 'name': 'USB Audio'}],)");
  answers (&host, "list_sound_cards", NULL,
           "([{'id': '0', 'name': 'HDA-Intel - HDA Intel PCH'}, "
           "{'id': '10', 'name': 'USB-Audio - odd [x]: name'}],)");
  host_fixture_free (&host);
}
END_TEST

/* Prints one control, and its arguments to $T/args. */
static const char amixer[] =
    "printf '%s|' \"$@\" >\"$T/args\"\n"
    "[[ $5 == missing || $6 == missing ]] && exit 1\n"
    "[[ $4 == sset ]] && exit\n"
    "[[ ${5-} == empty ]] && exit\n"
    "printf \"Simple mixer control 'Master',0\\n  Capabilities: pvolume pswitch\\n"
    "  Mono: Playback 51 [80%%] [on]\\n\"\n";

static void
was_asked (const char *scripts, const char *words)
{
  g_autofree char *args = fixture_read_file (scripts, "args");
  ck_assert_pstr_eq (args, words);
}

START_TEST (mixer)
{
  Host host = host_fixture_new ();
  g_autofree char *scripts = scripts_new ();
  char **program = &host.service->settings->amixer;
  g_free (*program);
  *program = script_new (scripts, "amixer", amixer);

  answers (&host, "list_sound_card_controls", text ("0"),
           "([{'direction': 'P', 'name': 'Master', 'type': 'VS', 'value': '80% on'}],)");
  was_asked (scripts, "-c|0|--|scontents|");
  answers (&host, "get_sound_card_control", g_variant_new ("(ss)", "PCH", "--help"), "('80% on',)");
  was_asked (scripts, "-c|PCH|--|sget|--help|");
  answers (&host, "get_sound_card_control", g_variant_new ("(ss)", "0", "empty"), "('',)");
  answers (&host, "set_sound_card_control", g_variant_new ("(sss)", "0", "A B", "63% off"), "()");
  was_asked (scripts, "-c|0|--|sset|A B|63%|off|");
  g_autofree char *failed =
      g_strdup_printf ("223:IO error: command: \"%s -c 0 -- sset A missing\" FAILED.", *program);
  answers (&host, "set_sound_card_control", g_variant_new ("(sss)", "0", "A", "missing"), failed);
  fixture_free (g_steal_pointer (&scripts));
  host_fixture_free (&host);
}
END_TEST

START_TEST (no_mixer)
{
  static const char *const cards[] = { "", "-D", "hw:0", "0 ", "a/b" };
  Host host = host_fixture_new ();
  char **program = &host.service->settings->amixer;
  g_free (*program);
  *program = g_strdup ("/nonexistent/amixer");
  answers (&host, "list_sound_card_controls", text ("0"), "([],)");
  answers (&host, "get_sound_card_control", g_variant_new ("(ss)", "0", "x"),
           "223:IO error: command: \"/nonexistent/amixer -c 0 -- sget x\" FAILED.");
  for (gsize i = 0; i < G_N_ELEMENTS (cards); i++) {
    g_autofree char *message = g_strconcat ("not a sound card: ", cards[i], NULL);
    answers (&host, "list_sound_card_controls", text (cards[i]), message);
  }
  answers (&host, "get_sound_card_control", g_variant_new ("(ss)", "0", ""),
           "not a control of a sound card: ");
  answers (&host, "set_sound_card_control", g_variant_new ("(sss)", "0", "x", ""),
           "not a value of a control: ");
  host_fixture_free (&host);
}
END_TEST

/* -- the license ------------------------------------------------------------------- */

static GVariant *
license (const char *expiry, const char *hash)
{
  return g_variant_new ("(sss)", expiry, "device", hash);
}

START_TEST (licenses)
{
  static const char *const dates[] = {
    "",
    "tomorrow",
    "2030-12-31 23:59:59",
    "2030-13-31 23:59:59 +0100",
    "2030-02-30 23:59:59 +0100",
    "2030-12-31 25:59:59 +0100",
    "2030-12-31 23:59:59 +01:0",
    "2030-12-31T23:59:59 +0100",
    "2030-12-31 23:59:59 +0100 ",
  };
  Host host = host_fixture_new ();
  g_autofree char *long_text = g_strnfill (1025, 'x');
  answers (&host, "set_license", license ("2030-12-31 23:59:59 +0100", "local"), "invalid hash");
  for (gsize i = 0; i < G_N_ELEMENTS (dates); i++)
    answers (&host, "set_license", license (dates[i], "abc"), "failed to parse expiry date");
  answers (&host, "set_license", license ("2030-12-31 23:59:59 +0100", long_text),
           "hash is longer than 1024 bytes");
  reads (&host, "is-licensed", "true");
  host_fixture_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("host-devices");
  TCase *tcase = tcase_create ("host-devices");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, isos);
  tcase_add_test (tcase, ui_plugins);
  tcase_add_test (tcase, disks);
  tcase_add_test (tcase, pci_devices);
  tcase_add_test (tcase, placement);
  tcase_add_test (tcase, displayhandler);
  tcase_add_test (tcase, drives);
  tcase_add_test (tcase, assigning);
  tcase_add_loop_test (tcase, bad_drives, 0, 9);
  tcase_add_test (tcase, ejecting);
  tcase_add_test (tcase, sound_devices);
  tcase_add_test (tcase, mixer);
  tcase_add_test (tcase, no_mixer);
  tcase_add_test (tcase, licenses);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
