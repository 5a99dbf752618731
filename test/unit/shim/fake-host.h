/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A directory that stands for / of a host with PCI devices: sysfs as the kernel
 * lays it out, made from a table. Nothing moves in it: a
 * device keeps its driver whatever is written.
 *
 *   0000:00:00.0  0600 8086:1237  host bridge
 *   0000:00:02.0  0300 8086:0412  graphics, the firmware's
 *   0000:00:02.1  0380 8086:0416  its second function
 *   0000:00:16.0  0780 8086:8c3a  management engine
 *   0000:00:16.3  0700 8086:8c3d  its serial port
 *   0000:00:1f.2  0106 8086:8c02  disks (driver ahci)
 *   0000:01:00.0  0300 10de:1180  graphics (driver nouveau), 16+128+32 MiB and 512 KiB of ROM
 *   0000:01:00.1  0403 10de:0e0a  its sound, 16 KiB
 *   0000:01:01.0  0604 10b5:8747  a bridge on the same bus
 *   0000:02:00.0  0200 8086:1521  network (driver igb)
 *   0000:02:00.1  0200 8086:1521  network (driver pciback)
 *   0000:03:00.0  0380 8086:5690  graphics, Intel's and not the firmware's
 *   0001:04:1f.7  0108 1b4b:fffe  disks, of a model that nobody knows, 3 GiB
 */

/** fake_host_new: (transfer full): its directory. */
char *fake_host_new (void);
void fake_host_free (char *root);

/** fake_host_sysfs: (transfer full): its /sys. */
char *fake_host_sysfs (const char *root);

/** assert_told: what was written to @file, which stood empty, is @text. @file: below
 * /sys/bus/pci/drivers. */
void assert_told (const char *root, const char *file, const char *text);
