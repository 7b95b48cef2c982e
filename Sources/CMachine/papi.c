// papi.c: PAPI, loaded when asked for, so that neither a build nor a machine without it is the poorer.
//
// The prototypes are those of papi.h, spelled here because the header need not be installed.
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "include/cmachine.h"

typedef struct {
  int (*library_init)(int version);
  int (*thread_init)(unsigned long (*id)(void));
  int (*multiplex_init)(void);
  int (*create_eventset)(int *set);
  int (*assign_eventset_component)(int set, int component);
  int (*set_multiplex)(int set);
  int (*add_named_event)(int set, const char *name);
  int (*start)(int set);
  int (*read)(int set, long long *values);
  int (*stop)(int set, long long *values);
  int (*cleanup_eventset)(int set);
  int (*destroy_eventset)(int *set);
  const char *(*strerror)(int code);
} papi_functions;

static papi_functions papi;
static cmachine_papi_state state;
static pthread_once_t once = PTHREAD_ONCE_INIT;

enum { PAPI_OK_CODE = 0, PAPI_EINVAL_CODE = -1, PAPI_NULL_SET = -1, CPU_COMPONENT = 0 };

static int find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

static int find_all(void *library) {
  return find(library, "PAPI_library_init", &papi.library_init) &&
         find(library, "PAPI_thread_init", &papi.thread_init) &&
         find(library, "PAPI_multiplex_init", &papi.multiplex_init) &&
         find(library, "PAPI_create_eventset", &papi.create_eventset) &&
         find(library, "PAPI_assign_eventset_component", &papi.assign_eventset_component) &&
         find(library, "PAPI_set_multiplex", &papi.set_multiplex) &&
         find(library, "PAPI_add_named_event", &papi.add_named_event) &&
         find(library, "PAPI_start", &papi.start) && find(library, "PAPI_read", &papi.read) &&
         find(library, "PAPI_stop", &papi.stop) &&
         find(library, "PAPI_cleanup_eventset", &papi.cleanup_eventset) &&
         find(library, "PAPI_destroy_eventset", &papi.destroy_eventset) &&
         find(library, "PAPI_strerror", &papi.strerror);
}

static unsigned long thread_id(void) {
  return (unsigned long)pthread_self();
}

// The library refuses every version but its own, major and minor, before it does anything else.
static int initialise(void) {
  int code = PAPI_EINVAL_CODE;
  for (int major = 9; major >= 5; major--) {
    for (int minor = 0; minor <= 9; minor++) {
      const int version = major << 24 | minor << 16;
      code = papi.library_init(version);
      if (code == version) {
        state.major = major;
        state.minor = minor;
        return PAPI_OK_CODE;
      }
      if (code != PAPI_EINVAL_CODE) return code;
    }
  }
  return code;
}

static void load(void) {
  const char *const files[] = {"libpapi.so",   "libpapi.so.7.2", "libpapi.so.7.1", "libpapi.so.7.0",
                               "libpapi.so.7", "libpapi.so.6.0", "libpapi.so.6",   "libpapi.so.5"};
  void *library = NULL;
  for (size_t j = 0; j < sizeof files / sizeof *files && library == NULL; j++) {
    library = dlopen(files[j], RTLD_NOW | RTLD_LOCAL);
  }
  if (library == NULL || !find_all(library)) {
    state.status = library == NULL ? CMACHINE_PAPI_ABSENT : CMACHINE_PAPI_UNKNOWN;
    return;
  }
  const int code = initialise();
  if (code != PAPI_OK_CODE) {
    state.status = CMACHINE_PAPI_REFUSED;
    state.reason = papi.strerror(code);
    return;
  }
  (void)papi.thread_init(thread_id);
  state.can_multiplex = papi.multiplex_init() == PAPI_OK_CODE;
  state.status = CMACHINE_PAPI_READY;
}

cmachine_papi_state cmachine_papi_load(void) {
  pthread_once(&once, load);
  return state;
}

const char *cmachine_papi_error(int code) {
  const char *text = papi.strerror != NULL ? papi.strerror(code) : NULL;
  return text != NULL ? text : "unknown PAPI error";
}

int cmachine_papi_create(int multiplexed, int *set) {
  *set = PAPI_NULL_SET;
  int code = papi.create_eventset(set);
  if (code != PAPI_OK_CODE || !multiplexed) return code;
  code = papi.assign_eventset_component(*set, CPU_COMPONENT);
  return code == PAPI_OK_CODE ? papi.set_multiplex(*set) : code;
}

int cmachine_papi_add(int set, const char *event) {
  return papi.add_named_event(set, event);
}

int cmachine_papi_start(int set) {
  return papi.start(set);
}

int cmachine_papi_read(int set, long long *values) {
  return papi.read(set, values);
}

int cmachine_papi_stop(int set, long long *values) {
  return papi.stop(set, values);
}

void cmachine_papi_destroy(int set) {
  (void)papi.cleanup_eventset(set);
  (void)papi.destroy_eventset(&set);
}
