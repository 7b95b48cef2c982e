// process.c: children of this process, the descriptors handed to them, and interrupts.
#define _GNU_SOURCE  // environ
#include <errno.h>

#include "include/cmachine.h"

#if defined(__linux__)

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int spawn(const char *path, char *const *arguments, char *const *environment, int descriptor,
                 int *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | (short)POSIX_SPAWN_SETSIGDEF;
  if (!(error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
      !(error = posix_spawn_file_actions_adddup2(&actions, 2, 1)) &&
      !(error = posix_spawn_file_actions_adddup2(&actions, descriptor, CMACHINE_CONTROL)) &&
      !(error = posix_spawnattr_setflags(&attributes, flags)) &&
      !(error = posix_spawnattr_setsigmask(&attributes, &none)) &&
      !(error = posix_spawnattr_setsigdefault(&attributes, &all)) &&
      !(error = posix_spawnattr_setpgroup(&attributes, 0))) {
    error = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Our environment, without the Swift runtime's backtraces: they take seconds of a crash that is only to
// be counted. Whoever has set them for himself keeps them. The strings stay ours.
static char **quiet_environment(void) {
  static char no_backtrace[] = "SWIFT_BACKTRACE=enable=no";
  size_t count = 0;
  while (environ[count]) count++;
  char **copy = calloc(count + 2, sizeof *copy);
  if (!copy) return NULL;
  memcpy(copy, environ, count * sizeof *copy);
  if (!getenv("SWIFT_BACKTRACE")) copy[count] = no_backtrace;
  return copy;
}

int cmachine_spawn(const char *path, char *const *arguments, int descriptor, int *pid) {
  char **const environment = quiet_environment();
  if (!environment) return ENOMEM;
  const int error = spawn(path, arguments, environment, descriptor, pid);
  free(environment);
  return error;
}

int cmachine_fork(void) {
  const pid_t pid = fork();
  return pid < 0 ? -errno : pid;
}

int cmachine_die_with_parent(int parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  // The parent may have died before the signal was ordered.
  return getppid() == parent ? 0 : ESRCH;
}

int cmachine_forbid_core_files(void) {
  const struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none) == 0 ? 0 : errno;
}

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

int cmachine_send_descriptor(int socket, int descriptor) {
  char byte = 0;
  struct iovec data = {&byte, 1};
  union control control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control.bytes};
  control.header = (struct cmsghdr){
      .cmsg_len = CMSG_LEN(sizeof descriptor), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == 1 ? 0 : errno;
}

int cmachine_receive_descriptor(int socket) {
  char byte;
  struct iovec data = {&byte, 1};
  union control control;
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control.bytes};
  ssize_t received;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (received == 0 || !header || header->cmsg_type != SCM_RIGHTS) return -EPIPE;
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

static volatile sig_atomic_t interrupted;
static char notice[256];
static size_t notice_length;

static void on_interrupt(int signal) {
  (void)signal;
  const int saved = errno;
  interrupted = 1;
  const ssize_t written = write(2, notice, notice_length);
  (void)written;
  errno = saved;
}

int cmachine_catch_interrupt(const char *text) {
  notice_length = strnlen(text, sizeof notice);
  memcpy(notice, text, notice_length);
  // Reset on the first, so that the second kills; and no call of ours is cut short.
  struct sigaction action = {.sa_handler = on_interrupt,
                             .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, NULL) != 0) return errno;
  // Whoever has started us may have blocked it.
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGINT);
  return sigprocmask(SIG_UNBLOCK, &mask, NULL) == 0 ? 0 : errno;
}

int cmachine_interrupted(void) {
  return interrupted;
}

#else

int cmachine_spawn(const char *path, char *const *arguments, int descriptor, int *pid) {
  (void)path, (void)arguments, (void)descriptor, (void)pid;
  return ENOSYS;
}

int cmachine_fork(void) {
  return -ENOSYS;
}

int cmachine_die_with_parent(int parent) {
  (void)parent;
  return ENOSYS;
}

int cmachine_forbid_core_files(void) {
  return ENOSYS;
}

int cmachine_send_descriptor(int socket, int descriptor) {
  (void)socket, (void)descriptor;
  return ENOSYS;
}

int cmachine_receive_descriptor(int socket) {
  (void)socket;
  return -ENOSYS;
}

int cmachine_catch_interrupt(const char *text) {
  (void)text;
  return ENOSYS;
}

int cmachine_interrupted(void) {
  return 0;
}

#endif
