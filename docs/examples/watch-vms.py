#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the VMs with their states, and then whatever changes.

Needs python3-dbus and python3-gi. With --once it ends after the VMs that are there.
"""
import sys

import dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

SERVICE = "com.citrix.xenclient.xenmgr"
VM = "com.citrix.xenclient.xenmgr.vm"
MANAGER = "org.freedesktop.DBus.ObjectManager"


def say(*words):
    print(*words, flush=True)


def on_changed(interface, changed, invalidated, path):
    if interface == VM:
        for name, value in changed.items():
            say("changed", path, name, value)
        for name in invalidated:
            say("changed", path, name)


def on_added(path, interfaces):
    if VM in interfaces:
        say("added", path, interfaces[VM]["name"], interfaces[VM]["state"])


def on_removed(path, interfaces):
    if VM in interfaces:
        say("removed", path)


DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
bus.add_signal_receiver(
    on_changed,
    "PropertiesChanged",
    "org.freedesktop.DBus.Properties",
    bus_name=SERVICE,
    path_keyword="path",
)
manager = dbus.Interface(bus.get_object(SERVICE, "/", introspect=False), MANAGER)
manager.connect_to_signal("InterfacesAdded", on_added)
manager.connect_to_signal("InterfacesRemoved", on_removed)

for path, interfaces in manager.GetManagedObjects().items():
    on_added(path, interfaces)
if "--once" not in sys.argv[1:]:
    say("watching")
    GLib.MainLoop().run()
