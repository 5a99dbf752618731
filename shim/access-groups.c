/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/access-groups.h"

#include <string.h>

#define CITRIX "com.citrix.xenclient."
#define XENMGR CITRIX "xenmgr"
#define VM     XENMGR ".vm"

/* words: names between blanks */
static const struct {
  const char *interface;
  XmAccessGroup group;
  const char *methods;
} rows[] = {
  { XENMGR, XM_ACCESS_READ,
    "find_vm_by_domid find_vm_by_uuid list_child_service_vm_templates list_domids "
    "list_extension_packs list_templates list_ui_templates list_vms" },
  { XENMGR "_xl", XM_ACCESS_READ, "list_cpu_times" },
  { XENMGR, XM_ACCESS_CONFIGURE,
    "create_vhd create_vm create_vm_with_template create_vm_with_template_and_json "
    "create_vm_with_template_and_uuid create_vm_with_ui" },
  { XENMGR ".unrestricted", XM_ACCESS_HOST,
    "unrestricted_create_vm unrestricted_create_vm_with_template_and_json "
    "unrestricted_delete_vm" },
  { CITRIX "policy", XM_ACCESS_READ, "retrieve" },
  { CITRIX "policy", XM_ACCESS_HOST, "enforce" },
  { XENMGR ".guestreq", XM_ACCESS_OPERATE, "request_attention" },
  { XENMGR ".testing", XM_ACCESS_HOST, "script_dequeue script_queue" },
  { XENMGR ".diag", XM_ACCESS_HOST,
    "create_status_report gather save status_report_screen taas_agree_terms "
    "taas_authenticate_credentials taas_upload" },
  { CITRIX "db", XM_ACCESS_HOST, "dump exists inject list read read_binary rm write" },

  { VM, XM_ACCESS_READ,
    "list_argo_firewall_rules list_disks list_net_firewall_rules list_nics read_icon" },
  { VM, XM_ACCESS_OPERATE,
    "destroy hibernate pause reboot resume shutdown sleep start start_internal switch unpause" },
  { VM, XM_ACCESS_CONFIGURE,
    "add_argo_firewall_rule add_disk add_net_firewall_rule add_nic create_child_service_vm delete "
    "delete_argo_firewall_rule delete_net_firewall_rule" },
  { VM, XM_ACCESS_HOST, /* whole nodes of the store, and files of root's */
    "get_db_key get_domstore_key resume_from_file set_db_key set_domstore_key suspend_to_file" },
  { VM ".auth", XM_ACCESS_READ, "auth_required" },
  { VM ".auth", XM_ACCESS_OPERATE, "auth" },
  { VM ".pci", XM_ACCESS_READ, "list_pt_pci_devices list_pt_rules" },
  { VM ".pci", XM_ACCESS_HOST, "add_pt_rule add_pt_rule_bdf delete_pt_rule delete_pt_rule_bdf" },
  { VM ".product", XM_ACCESS_READ, "list_product_properties" },
  { VM ".product", XM_ACCESS_CONFIGURE, /* some are passwords */
    "get_ovf_env_xml get_product_property set_product_property" },
  { CITRIX "vmdisk", XM_ACCESS_CONFIGURE, "delete" },
  { CITRIX "vmdisk", XM_ACCESS_HOST, /* any path of the host */
    "attach_phy attach_vhd generate_crypto_key generate_crypto_key_in mount umount" },
  { CITRIX "vmnic", XM_ACCESS_CONFIGURE, "delete" },

  { XENMGR ".host", XM_ACCESS_READ,
    "get_cd_device_assignment get_displayhandler_gpu get_gpu_placement get_seconds_from_epoch "
    "get_sound_card_control is_service_running list_capture_devices list_cd_devices "
    "list_disk_devices list_gpu_devices list_gpus_for_displayhandler list_isos list_pci_devices "
    "list_playback_devices list_sound_card_controls list_sound_cards list_ui_plugins" },
  { XENMGR ".host", XM_ACCESS_OPERATE, "assign_cd_device eject_cd_device set_sound_card_control" },
  { XENMGR ".host", XM_ACCESS_HOST,
    "configure_gpu_placement hibernate reboot set_displayhandler_gpu set_license shutdown "
    "shutdown_idle sleep" },
  { XENMGR ".installer", XM_ACCESS_READ, "get_eula get_installstate" },
  { XENMGR ".installer", XM_ACCESS_HOST, "progress_installstate" },
  { XENMGR ".powersettings", XM_ACCESS_READ,
    "get_ac_lid_close_action get_battery_lid_close_action" },
  { XENMGR ".powersettings", XM_ACCESS_HOST,
    "set_ac_lid_close_action set_battery_lid_close_action" },
  { "org.freedesktop.DBus.Introspectable", XM_ACCESS_READ, "Introspect" },
  { "org.freedesktop.DBus.ObjectManager", XM_ACCESS_READ, "GetManagedObjects" },
};

/* Whose properties make a VM what it is; to set any other takes XM_ACCESS_HOST. A VM's may name
 * files and devices of the host, which root's programs open: who may configure VMs is trusted with
 * these. */
static const char *const configured_interfaces[] = { XENMGR ".config.ui", VM, CITRIX "vmdisk",
                                                     CITRIX "vmnic" };

static const char *const actions[] = {
  [XM_ACCESS_READ] = XENMGR ".read",
  [XM_ACCESS_OPERATE] = XENMGR ".operate",
  [XM_ACCESS_CONFIGURE] = XENMGR ".configure",
  [XM_ACCESS_HOST] = XENMGR ".host",
};

static gboolean
has_word (const char *words, const char *word)
{
  gsize n = strlen (word);
  for (const char *at = words; (at = strstr (at, word)) != NULL; at += n) {
    if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
      return TRUE;
  }
  return FALSE;
}

XmAccessGroup
xm_access_group_of_method (const char *interface, const char *method, gboolean *known)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows) && *method != '\0'; i++) {
    if (!g_str_equal (rows[i].interface, interface) || !has_word (rows[i].methods, method))
      continue;
    if (known != NULL)
      *known = TRUE;
    return rows[i].group;
  }
  if (known != NULL)
    *known = FALSE;
  return XM_ACCESS_HOST;
}

XmAccessGroup
xm_access_group_of_set (const char *interface)
{
  for (gsize i = 0; i < G_N_ELEMENTS (configured_interfaces); i++) {
    if (g_str_equal (configured_interfaces[i], interface))
      return XM_ACCESS_CONFIGURE;
  }
  return XM_ACCESS_HOST;
}

const char *
xm_access_group_action (XmAccessGroup group)
{
  return actions[group];
}
