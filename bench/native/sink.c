// An SMTP server that drops what it gets, at some 20 us of CPU a message, so that it is never what a bench waits for.
//   sink [EVERY FILE]   listens on a free port of the loopback and prints it; keeps every EVERYth message in FILE as
//                       "RCPT-LINE\nOCTETS\n" and its octets as they came; SIGTERM prints how many messages came.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, REPLIES = 16 * 1024 };

typedef struct {
  int in_data, filled, replied, keeping;
  char recipient[256];
  char *kept;
  size_t kept_length;
  char bytes[ROOM];
  char replies[REPLIES];
} Connection;

static Connection *connections[65536];
static unsigned long messages, begun;
static unsigned long every;
static FILE *keep_file;

static void stop(int signal) {
  (void)signal;
  if (keep_file) fflush(keep_file);
  printf("%lu\n", messages);
  fflush(stdout);
  _exit(0);
}

static void reply(Connection *c, const char *text) {
  int length = strlen(text);
  if (c->replied + length > REPLIES) return;
  memcpy(c->replies + c->replied, text, length);
  c->replied += length;
}

static void flush_replies(Connection *c, int fd) {
  if (c->replied > 0 && write(fd, c->replies, c->replied) < 0) shutdown(fd, SHUT_RDWR);
  c->replied = 0;
}

static void keep(Connection *c, const char *bytes, size_t length) {
  if (!c->keeping) return;
  c->kept = realloc(c->kept, c->kept_length + length + 1);
  memcpy(c->kept + c->kept_length, bytes, length);
  c->kept_length += length;
}

static void write_kept(Connection *c) {
  if (!c->keeping) return;
  fprintf(keep_file, "%s%zu\n", c->recipient, c->kept_length);
  fwrite(c->kept, 1, c->kept_length, keep_file);
  c->kept_length = 0;
  c->keeping = 0;
}

static void command(Connection *c, const char *line, size_t length, int fd) {
  if (!strncasecmp(line, "EHLO", 4)) {
    reply(c, "250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n");
  } else if (!strncasecmp(line, "DATA", 4)) {
    reply(c, "354 go ahead\r\n");
    c->in_data = 1;
    c->keeping = every > 0 && begun++ % every == 0;
  } else if (!strncasecmp(line, "QUIT", 4)) {
    reply(c, "221 2.0.0 bye\r\n");
    flush_replies(c, fd);
    shutdown(fd, SHUT_WR);
  } else {
    if (!strncasecmp(line, "RCPT", 4)) {
      size_t fits = length < sizeof c->recipient ? length : sizeof c->recipient - 1;
      memcpy(c->recipient, line, fits);
      c->recipient[fits] = 0;
    }
    reply(c, "250 2.1.0 Ok\r\n");
  }
}

/** Takes as much of what has come as is whole, and moves the rest to the front. */
static void take(Connection *c, int fd) {
  int at = 0;
  while (at < c->filled) {
    char *from = c->bytes + at;
    int left = c->filled - at;
    if (c->in_data) {
      char *end = memmem(from, left, "\r\n.\r\n", 5);
      if (!end) {
        int rest = left < 4 ? left : 4;
        keep(c, from, left - rest);
        at = c->filled - rest;
        break;
      }
      keep(c, from, end - from + 2);
      write_kept(c);
      at = end - c->bytes + 5;
      c->in_data = 0;
      messages++;
      reply(c, "250 2.0.0 Ok: queued as SINK\r\n");
    } else {
      char *end = memchr(from, '\n', left);
      if (!end) break;
      at = end - c->bytes + 1;
      command(c, from, end - from + 1, fd);
      if (!c->in_data) continue;
      // An empty body ends with the CRLF of DATA itself; a kept one begins with it.
      at -= 2;
      c->bytes[at] = '\r';
    }
  }
  memmove(c->bytes, c->bytes + at, c->filled - at);
  c->filled -= at;
}

static void greet(int epoll, int listener) {
  int fd = accept4(listener, 0, 0, SOCK_NONBLOCK), on = 1;
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections[fd] = calloc(1, sizeof(Connection));
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  reply(connections[fd], "220 sink ESMTP\r\n");
  flush_replies(connections[fd], fd);
}

static void read_from(int fd) {
  Connection *c = connections[fd];
  int on = 1;
  // A sender that writes small pieces would wait 40 ms for each delayed acknowledgement.
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  int count = read(fd, c->bytes + c->filled, ROOM - c->filled);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    close(fd);
    free(c->kept);
    free(c);
    connections[fd] = NULL;
    return;
  }
  c->filled += count;
  take(c, fd);
  flush_replies(c, fd);
}

static int listen_somewhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(fd, (void *)&address, size) || listen(fd, 1024)) {
    perror("sink");
    exit(1);
  }
  getsockname(fd, (void *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int count, char **words) {
  signal(SIGTERM, stop);
  signal(SIGPIPE, SIG_IGN);
  // A bench that is killed leaves nothing running.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (count > 2) {
    every = strtoul(words[1], NULL, 10);
    keep_file = fopen(words[2], "w");
    if (!keep_file) return perror(words[2]), 1;
  }
  int listener = listen_somewhere(), epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) greet(epoll, listener);
      else read_from(events[i].data.fd);
    }
  }
}
