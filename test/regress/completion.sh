# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# bash-completion and the product's part of it, as in somebody's shell. Needs XM_SOURCE.

set +u # bash-completion was not written for it
. /usr/share/bash-completion/bash_completion
. "$XM_SOURCE/xec/bash-completion"

# press_tab WORD...: what the last of the words may become is then in COMPREPLY. The words are those
# that readline finds, with their quoting.
press_tab () {
  COMP_WORDS=("$@") COMP_LINE="$*" COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
  COMP_POINT=${#COMP_LINE} COMP_CWORD=$(($# - 1))
  _xec
}
