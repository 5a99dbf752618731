/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/** BenchCall: what is measured, on each peer in its own words. */
typedef enum {
  BENCH_GET,     /**< Properties.Get of a VM's name */
  BENCH_GET_ALL, /**< Properties.GetAll of a VM's main interface */
  BENCH_LIST,    /**< the object paths of all VMs */
  BENCH_N_CALLS,
} BenchCall;

/**
 * BenchPeer: a service with VMs, or things like VMs.
 * @title: as printed
 * @bus_name: where it is on the bus
 * @root: the object that lists and makes VMs
 * @root_interface: the interface of both
 * @list_method: returns the object paths
 * @list_arguments: (nullable): its arguments, as GVariant text
 * @add_method: makes one VM more
 * @add_arguments: (nullable): its arguments, as GVariant text; @ in it is the VM's number
 * @object_interface: a VM's main interface
 * @name_property: a VM's name
 * @objects: (element-type utf8): the VMs there are, after bench_peer_populate()
 * @pid: its process
 */
typedef struct {
  const char *title;
  const char *bus_name;
  const char *root;
  const char *root_interface;
  const char *list_method;
  const char *list_arguments;
  const char *add_method;
  const char *add_arguments;
  const char *object_interface;
  const char *name_property;
  GStrv objects;
  guint pid;
} BenchPeer;

/** The service under test comes first. */
enum { BENCH_XENMGR, BENCH_ECHO, BENCH_GETTERS, BENCH_LIBVIRT, BENCH_N_PEERS };
extern BenchPeer bench_peers[BENCH_N_PEERS];

/** bench_peer_populate: makes VMs until there are @n, and reads where they are. */
gboolean
bench_peer_populate (BenchPeer *peer, GDBusConnection *connection, guint n, GError **error);

/** bench_peer_connect: waits up to 30 s for the peer to be on the bus, and finds its process. */
gboolean bench_peer_connect (BenchPeer *peer, GDBusConnection *connection, GError **error);

/** bench_peer_resident: its resident memory in KiB, from /proc; 0 when it has gone. */
guint64 bench_peer_resident (const BenchPeer *peer);

/** bench_peer_cpu_time: processor time of its threads so far, in nanoseconds, from /proc. */
guint64 bench_peer_cpu_time (const BenchPeer *peer);

/**
 * bench_peer_message: a new message of the measured call to VM number @i, or
 * for %BENCH_LIST to the root.
 */
GDBusMessage *bench_peer_message (const BenchPeer *peer, BenchCall call, guint i);
