/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

/* -- the transitions --------------------------------------------------------------- */

#define OFF     (1 << PHASE_OFF)
#define RUNNING (1 << PHASE_RUNNING)
#define PAUSED  (1 << PHASE_PAUSED)
#define ENDED   (1 << PHASE_ENDED)
#define UP      (RUNNING | PAUSED)

#define NONE    (1 << OWNER_NONE)
#define SERVICE (1 << OWNER_SERVICE)
#define MONITOR (1 << OWNER_MONITOR)
#define NOBODY  (1 << OWNER_NOBODY)
#define REAPED  (SERVICE | MONITOR)
#define SOMEONE (REAPED | NOBODY)

/* What comes of a domain made by hand shows in as many steps as the service happens to see. */
#define APPEARS        "(creating )?(paused )?running "
#define APPEARS_PAUSED "(creating )?paused "

static const Row rows[] = {
  /* clang-format off */
  /* the service is asked */
  { ACTION_START,    OFF,            NONE,    NEED_NONE, PHASE_RUNNING, OWNER_SERVICE, ANSWER_OK,
    EFFECT_NEW_DOMAIN | EFFECT_CONFIGURED, "creating running ", NULL },
  { ACTION_START,    UP | ENDED,     SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_SHUTDOWN, OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_SHUTDOWN, RUNNING,        REAPED,  NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopping stopped ", NULL },
  { ACTION_REBOOT,   OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_REBOOT,   RUNNING,        SERVICE, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "rebooting stopped creating running ", NULL },
  { ACTION_REBOOT,   RUNNING,        MONITOR, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "rebooting (stopped )?" APPEARS, NULL },
  { ACTION_PAUSE,    OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_ERROR, 0, "", NULL },
  { ACTION_PAUSE,    RUNNING,        SOMEONE, NEED_NONE, PHASE_PAUSED, STAYS, ANSWER_OK,
    EFFECT_PAUSE, "paused ", NULL },
  { ACTION_PAUSE,    PAUSED,         SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_UNPAUSE,  OFF | RUNNING,  NONE | SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_UNPAUSE,  PAUSED,         SOMEONE, NEED_ONE_PAUSE, PHASE_RUNNING, STAYS, ANSWER_OK,
    EFFECT_UNPAUSE, "running ", NULL },
  { ACTION_UNPAUSE,  PAUSED,         SOMEONE, NEED_MORE_PAUSES, STAYS, STAYS, ANSWER_ERROR,
    EFFECT_UNPAUSE, "", NULL },
  { ACTION_DESTROY,  OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_DESTROY,  UP | ENDED,     SOMEONE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopped ", NULL },
  { ACTION_SUSPEND,  OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_ERROR, 0, "", NULL },
  { ACTION_SUSPEND,  RUNNING,        SOMEONE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    EFFECT_SAVED, "suspending suspended stopped ", NULL },
  { ACTION_SUSPEND,  PAUSED,         SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_ERROR,
    0, "suspending paused ", NULL },
  { ACTION_RESUME,   OFF,            NONE,    NEED_IMAGE, PHASE_RUNNING, OWNER_SERVICE, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "creating running ", NULL },
  { ACTION_RESUME,   OFF,            NONE,    NEED_NO_IMAGE, STAYS, STAYS, ANSWER_ERROR, 0, "", NULL },
  { ACTION_RESUME,   UP | ENDED,     SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_DELETE,   OFF,            NONE,    NEED_NONE, STAYS, STAYS, ANSWER_OK, EFFECT_NEW_VM, "", NULL },
  { ACTION_DELETE,   UP | ENDED,     SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_ERROR, 0, "", NULL },

  /* an admin uses xl */
  { ACTION_XL_CREATE, OFF,           NONE,    NEED_NONE, PHASE_RUNNING, OWNER_MONITOR, ANSWER_OK,
    EFFECT_NEW_DOMAIN, APPEARS, NULL },
  { ACTION_XL_CREATE_PAUSED, OFF,    NONE,    NEED_NONE, PHASE_PAUSED, OWNER_MONITOR, ANSWER_OK,
    EFFECT_NEW_DOMAIN | EFFECT_PAUSE, APPEARS_PAUSED, NULL },
  { ACTION_XL_CREATE_DETACHED, OFF,  NONE,    NEED_NONE, PHASE_RUNNING, OWNER_NOBODY, ANSWER_OK,
    EFFECT_NEW_DOMAIN, APPEARS, NULL },
  { ACTION_XL_PAUSE, RUNNING,        SOMEONE, NEED_NONE, PHASE_PAUSED, STAYS, ANSWER_OK,
    EFFECT_PAUSE, "paused ", NULL },
  { ACTION_XL_PAUSE, PAUSED,         SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, EFFECT_PAUSE, "", NULL },
  { ACTION_XL_UNPAUSE, RUNNING,      SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, 0, "", NULL },
  { ACTION_XL_UNPAUSE, PAUSED,       SOMEONE, NEED_ONE_PAUSE, PHASE_RUNNING, STAYS, ANSWER_OK,
    EFFECT_UNPAUSE, "running ", NULL },
  { ACTION_XL_UNPAUSE, PAUSED,       SOMEONE, NEED_MORE_PAUSES, STAYS, STAYS, ANSWER_OK,
    EFFECT_UNPAUSE, "", NULL },
  { ACTION_XL_DESTROY, UP | ENDED,   SOMEONE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopped ", NULL },
  { ACTION_XL_SHUTDOWN, RUNNING,     SERVICE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopping stopped ", NULL },
  { ACTION_XL_SHUTDOWN, RUNNING,     MONITOR, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "(stopping )?stopped ", NULL },
  { ACTION_XL_SHUTDOWN, RUNNING,     NOBODY,  NEED_NONE, PHASE_ENDED, STAYS, ANSWER_OK,
    0, "stopping ", "stopping" },
  { ACTION_XL_REBOOT, RUNNING,       SERVICE, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "rebooting stopped creating running ", NULL },
  { ACTION_XL_REBOOT, RUNNING,       MONITOR, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "(rebooting )?(stopped )?" APPEARS, NULL },
  { ACTION_XL_REBOOT, RUNNING,       NOBODY,  NEED_NONE, PHASE_ENDED, STAYS, ANSWER_OK,
    0, "rebooting ", "rebooting" },
  { ACTION_XL_RENAME, UP | ENDED,    SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_OK, EFFECT_RENAMED, "", NULL },
  { ACTION_XL_SAVE,  RUNNING,        SOMEONE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    EFFECT_XL_SAVED, "(suspending )?(suspended )?stopped ", NULL },
  { ACTION_XL_SAVE,  PAUSED,         SOMEONE, NEED_NONE, STAYS, STAYS, ANSWER_ERROR,
    EFFECT_XL_IMAGE_LOST, "", NULL },
  { ACTION_XL_RESTORE, OFF,          NONE,    NEED_XL_IMAGE, PHASE_RUNNING, OWNER_MONITOR, ANSWER_OK,
    EFFECT_NEW_DOMAIN, APPEARS, NULL },

  /* the guest does it */
  { ACTION_GUEST_POWEROFF, RUNNING,  SERVICE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopping stopped ", NULL },
  { ACTION_GUEST_POWEROFF, RUNNING,  MONITOR, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "(stopping )?stopped ", NULL },
  { ACTION_GUEST_POWEROFF, RUNNING,  NOBODY,  NEED_NONE, PHASE_ENDED, STAYS, ANSWER_OK,
    0, "stopping ", "stopping" },
  { ACTION_GUEST_REBOOT, RUNNING,    SERVICE, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "rebooting stopped creating running ", NULL },
  { ACTION_GUEST_REBOOT, RUNNING,    MONITOR, NEED_NONE, STAYS, STAYS, ANSWER_OK,
    EFFECT_NEW_DOMAIN, "(rebooting )?(stopped )?" APPEARS, NULL },
  { ACTION_GUEST_REBOOT, RUNNING,    NOBODY,  NEED_NONE, PHASE_ENDED, STAYS, ANSWER_OK,
    0, "rebooting ", "rebooting" },
  { ACTION_GUEST_CRASH, RUNNING,     SERVICE, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "stopped ", NULL },
  { ACTION_GUEST_CRASH, RUNNING,     MONITOR, NEED_NONE, PHASE_OFF, OWNER_NONE, ANSWER_OK,
    0, "(stopping )?stopped ", NULL },
  { ACTION_GUEST_CRASH, RUNNING,     NOBODY,  NEED_NONE, PHASE_ENDED, STAYS, ANSWER_OK,
    0, "stopping ", "stopping" },
  /* clang-format on */
};

static gboolean
has_need (const ModelVm *vm, Need need)
{
  switch (need) {
  case NEED_ONE_PAUSE:
    return vm->pauses == 1;
  case NEED_MORE_PAUSES:
    return vm->pauses > 1;
  case NEED_IMAGE:
    return vm->has_image && vm->configured;
  case NEED_NO_IMAGE:
    return !vm->has_image || !vm->configured;
  case NEED_XL_IMAGE:
    return vm->has_xl_image;
  case NEED_NONE:
  default:
    return TRUE;
  }
}

const Row *
model_row (const ModelVm *vm, Action action)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const Row *row = &rows[i];
    if (row->action == action && (row->phases & (1U << vm->phase)) != 0 &&
        (row->owners & (1U << vm->owner)) != 0 && has_need (vm, row->need))
      return row;
  }
  return NULL;
}

void
model_apply (ModelVm *vm, const Row *row)
{
  if (row->next != STAYS)
    vm->phase = (Phase)row->next;
  if (row->owner != STAYS)
    vm->owner = (Owner)row->owner;
  if (row->effects & (EFFECT_NEW_DOMAIN | EFFECT_NEW_VM))
    vm->pauses = 0, vm->renamed = FALSE;
  if (row->effects & EFFECT_PAUSE)
    vm->pauses++;
  if (row->effects & EFFECT_UNPAUSE)
    vm->pauses--;
  if (row->effects & EFFECT_CONFIGURED)
    vm->configured = TRUE;
  if (row->effects & EFFECT_SAVED)
    vm->has_image = TRUE;
  if (row->effects & EFFECT_XL_SAVED)
    vm->has_xl_image = TRUE;
  if (row->effects & EFFECT_XL_IMAGE_LOST)
    vm->has_xl_image = FALSE;
  if (row->effects & EFFECT_RENAMED)
    vm->renamed = !vm->renamed;
  if (row->effects & EFFECT_NEW_VM)
    vm->configured = vm->has_image = vm->has_xl_image = FALSE;
  if (row->ended != NULL)
    vm->ended = row->ended;
  if (vm->phase == PHASE_OFF)
    vm->pauses = 0, vm->renamed = FALSE, vm->domid = -1;
}

const char *
model_state (const ModelVm *vm)
{
  static const char *const states[] = {
    [PHASE_OFF] = "stopped",
    [PHASE_RUNNING] = "running",
    [PHASE_PAUSED] = "paused",
  };
  return vm->phase == PHASE_ENDED ? vm->ended : states[vm->phase];
}

/* -- the actions ------------------------------------------------------------------- */

static const struct {
  const char *name;
  guint weight;
} actions[N_ACTIONS] = {
  [ACTION_START] = { "start", 12 },
  [ACTION_SHUTDOWN] = { "shutdown", 4 },
  [ACTION_REBOOT] = { "reboot", 3 },
  [ACTION_PAUSE] = { "pause", 4 },
  [ACTION_UNPAUSE] = { "unpause", 5 },
  [ACTION_DESTROY] = { "destroy", 4 },
  [ACTION_SUSPEND] = { "suspend_to_file", 3 },
  [ACTION_RESUME] = { "resume_from_file", 3 },
  [ACTION_DELETE] = { "delete", 1 },
  [ACTION_XL_CREATE] = { "xl create", 4 },
  [ACTION_XL_CREATE_PAUSED] = { "xl create -p",
                                0 }, /* "creating" until it is let go: no phase here */
  [ACTION_XL_CREATE_DETACHED] = { "xl create -e", 2 },
  [ACTION_XL_PAUSE] = { "xl pause", 3 },
  [ACTION_XL_UNPAUSE] = { "xl unpause", 4 },
  [ACTION_XL_DESTROY] = { "xl destroy", 3 },
  [ACTION_XL_SHUTDOWN] = { "xl shutdown", 3 },
  [ACTION_XL_REBOOT] = { "xl reboot", 2 },
  [ACTION_XL_RENAME] = { "xl rename", 2 },
  [ACTION_XL_SAVE] = { "xl save", 2 },
  [ACTION_XL_RESTORE] = { "xl restore", 3 },
  [ACTION_GUEST_POWEROFF] = { "guest: poweroff", 3 },
  [ACTION_GUEST_REBOOT] = { "guest: reboot", 3 },
  [ACTION_GUEST_CRASH] = { "guest: crash", 3 },
};

const char *
model_action_name (Action action)
{
  return actions[action].name;
}

guint
model_action_weight (Action action)
{
  return actions[action].weight;
}
