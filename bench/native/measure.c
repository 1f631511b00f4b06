// Runs a command and writes to descriptor 3 what it cost: "SECONDS CPU_SECONDS PEAK_KB EXIT_CODE\n".
//   measure COMMAND [WORD…]
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static double seconds(struct timespec t) { return t.tv_sec + t.tv_nsec / 1e9; }

static double cpu(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

static void pass_on(int signal) { kill(child, signal); }

int main(int count, char **words) {
  struct timespec started, ended;
  struct rusage use;
  int status;
  if (count < 2) return 64;
  fcntl(3, F_SETFD, FD_CLOEXEC);
  // A bench that is killed leaves nothing running.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  clock_gettime(CLOCK_MONOTONIC, &started);
  child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words[1], words + 1);
    perror(words[1]);
    _exit(127);
  }
  signal(SIGTERM, pass_on);
  while (wait4(child, &status, 0, &use) < 0) continue;
  clock_gettime(CLOCK_MONOTONIC, &ended);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  dprintf(3, "%.6f %.6f %ld %d\n", seconds(ended) - seconds(started), cpu(use.ru_utime) + cpu(use.ru_stime),
          use.ru_maxrss, code);
  return code;
}
