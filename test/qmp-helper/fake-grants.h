/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is in the folder of the preloaded stand-in for grants and event channels. */

#define FAKE_GRANTS_TABLES  (64 * 1024)
#define FAKE_GRANTS_PAGES   4096 /* of grants; a vchan has three */
#define FAKE_GRANTS_DEVICES 16
