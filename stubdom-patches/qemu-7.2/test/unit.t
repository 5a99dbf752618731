#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# QEMU's own unit test of the chardev; QEMU_TOOLS is the folder it was built in.
exec "${QEMU_TOOLS:?}/tests/unit/test-char-argo" --tap
