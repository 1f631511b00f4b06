// A proxy that adds latency: each octet comes out ONE_WAY_MS after it went in, both ways.
//   delay TARGET_PORT ONE_WAY_MS   listens on a free port of the loopback and prints it.
// Delay only: nothing is lost, and no congestion window grows.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct Chunk {
  struct Chunk *next;
  long long due;
  int to, length;
  char bytes[];
} Chunk;

static Chunk *first, *last;
static int peers[65536];
static long long delay_us;
static int target_port, epoll;

static long long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void join(int listener) {
  int here = accept(listener, 0, 0), there = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in target = {
    .sin_family = AF_INET, .sin_port = htons(target_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (here < 0 || connect(there, (void *)&target, sizeof target)) {
    close(here);
    close(there);
    return;
  }
  peers[here] = there;
  peers[there] = here;
  watch(here);
  watch(there);
}

static void receive(int from) {
  static char bytes[256 * 1024];
  int length = read(from, bytes, sizeof bytes);
  if (length < 0) length = 0;
  Chunk *chunk = malloc(sizeof(Chunk) + length);
  *chunk = (Chunk){.due = now_us() + delay_us, .to = peers[from], .length = length};
  memcpy(chunk->bytes, bytes, length);
  if (last) last->next = chunk;
  else first = chunk;
  last = chunk;
  // The end travels as an empty chunk, behind all that came before it.
  if (length == 0) epoll_ctl(epoll, EPOLL_CTL_DEL, from, NULL);
}

static void deliver_due(void) {
  long long now = now_us();
  while (first && first->due <= now) {
    Chunk *chunk = first;
    first = chunk->next;
    if (!first) last = NULL;
    for (int at = 0; at < chunk->length;) {
      int written = write(chunk->to, chunk->bytes + at, chunk->length - at);
      if (written <= 0) break;
      at += written;
    }
    if (chunk->length == 0) shutdown(chunk->to, SHUT_WR);
    free(chunk);
  }
}

int main(int count, char **words) {
  if (count < 3) return fprintf(stderr, "usage: delay TARGET_PORT ONE_WAY_MS\n"), 1;
  signal(SIGPIPE, SIG_IGN);
  // A bench that is killed leaves nothing running.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  target_port = atoi(words[1]);
  delay_us = atof(words[2]) * 1000;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (void *)&address, size) || listen(listener, 1024)) return perror("delay"), 1;
  getsockname(listener, (void *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  epoll = epoll_create1(0);
  watch(listener);
  struct epoll_event events[256];
  for (;;) {
    long long wait = first ? first->due - now_us() : 0;
    if (wait < 0) wait = 0;
    struct timespec limit = {wait / 1000000, wait % 1000000 * 1000};
    int ready = epoll_pwait2(epoll, events, 256, first ? &limit : NULL, NULL);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) join(listener);
      else receive(events[i].data.fd);
    }
    deliver_due();
  }
}
