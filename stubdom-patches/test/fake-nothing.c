/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of libxenctrl and libxenguest that building a domain makes and that
 * have nothing to do here: they succeed. Without the libraries' headers, since
 * one shape serves them all.
 */
#define NOTHING(name)                                                                              \
  int name (void);                                                                                 \
  int name (void)                                                                                  \
  {                                                                                                \
    return 0;                                                                                      \
  }

NOTHING (xc_cpuid_apply_policy)
NOTHING (xc_cpupool_movedomain)
NOTHING (xc_dom_boot_image)
NOTHING (xc_dom_boot_mem_init)
NOTHING (xc_dom_boot_xen_init)
NOTHING (xc_dom_gnttab_init)
NOTHING (xc_dom_kernel_file)
NOTHING (xc_dom_kernel_mem)
NOTHING (xc_dom_loginit)
NOTHING (xc_dom_mem_init)
NOTHING (xc_dom_module_file)
NOTHING (xc_dom_module_mem)
NOTHING (xc_dom_parse_image)
NOTHING (xc_domain_max_vcpus)
NOTHING (xc_domain_node_setaffinity)
NOTHING (xc_domain_resume)
NOTHING (xc_domain_set_memmap_limit)
NOTHING (xc_domain_set_memory_map)
NOTHING (xc_domain_set_target)
NOTHING (xc_domain_set_time_offset)
NOTHING (xc_domain_set_tsc_info)
NOTHING (xc_domain_setmaxmem)
NOTHING (xc_get_machine_memory_map)
NOTHING (xc_hvm_param_set)
NOTHING (xc_sched_credit2_domain_set)
NOTHING (xc_set_paging_mempool_size)
NOTHING (xc_vcpu_setaffinity)
