// A wide-area link of one machine: two TUN devices, one in each of two network namespaces, and every packet held for
// half the round trip on its way from one to the other. What speaks over it is the kernel's own TCP at both ends.
//
//   wan-link NAMESPACE_A NAMESPACE_B RTT_MS [LOSS_PERCENT [MBIT_PER_SECOND [SEED [LOG]]]]
//
// The devices are called wan0 and have no address yet. Prints "ready" when they are there; ends with SIGTERM, and then
// prints how many packets it carried and dropped in each direction. LOG gets a line for each TCP packet at the moment in
// which it comes to B or leaves it: µs, direction (> to B, < from B), the ports of A's and of B's end, bytes of payload.
// With a LOG the processors are kept awake, for its times' sake.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, LARGEST_PACKET = 2048, NS_PER_MS = 1000000 };

struct packet {
  int64_t due_ns;
  int length;
  unsigned char bytes[LARGEST_PACKET];
};

// One direction: a ring of packets, in order of their due times because all are delayed alike.
struct lane {
  int from, to, leaves_b;
  struct packet *ring;
  uint32_t read, written;
  int64_t wire_free_ns;
  long carried, dropped;
};

static volatile sig_atomic_t ended = 0;

static void on_term(int number) {
  (void)number;
  ended = 1;
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "wan-link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_device(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int there = open(path, O_RDONLY | O_CLOEXEC);
  if (there < 0 || setns(there, CLONE_NEWNET) != 0) fail(path);
  close(there);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {0};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strcpy(request.ifr_name, "wan0");
  if (ioctl(device, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  return device;
}

// xorshift64*: seeded, so that a run with loss can be had again.
static uint64_t random_state;
static double random_share(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (double)((random_state * 2685821657736338717ULL) >> 11) / 9007199254740992.0;
}

static FILE *packet_log = NULL;

static void note(char direction, const unsigned char *packet, int length) {
  int ip_header = (packet[0] & 15) * 4;
  if (packet_log == NULL || packet[0] >> 4 != 4 || packet[9] != 6 || length < ip_header + 20) return;
  const unsigned char *tcp = packet + ip_header;
  int from = tcp[0] << 8 | tcp[1], to = tcp[2] << 8 | tcp[3];
  int total = packet[2] << 8 | packet[3], payload = total - ip_header - (tcp[12] >> 4) * 4;
  int a = direction == '>' ? from : to, b = direction == '>' ? to : from;
  fprintf(packet_log, "%lld %c %d %d %d\n", (long long)(now_ns() / 1000), direction, a, b, payload);
}

static void take_in(struct lane *lane, int64_t delay_ns, double loss, double bytes_per_ns) {
  while (lane->written - lane->read < SLOTS) {
    struct packet *packet = &lane->ring[lane->written % SLOTS];
    packet->length = (int)read(lane->from, packet->bytes, sizeof packet->bytes);
    if (packet->length <= 0) return;
    if (lane->leaves_b) note('<', packet->bytes, packet->length);
    if (loss > 0 && random_share() < loss) {
      lane->dropped++;
      continue;
    }
    int64_t left_ns = now_ns();
    if (bytes_per_ns > 0) {
      if (lane->wire_free_ns > left_ns) left_ns = lane->wire_free_ns;
      left_ns += (int64_t)(packet->length / bytes_per_ns);
      lane->wire_free_ns = left_ns;
    }
    packet->due_ns = left_ns + delay_ns;
    lane->written++;
  }
}

static void hand_out(struct lane *lane) {
  while (lane->read != lane->written) {
    struct packet *packet = &lane->ring[lane->read % SLOTS];
    if (packet->due_ns > now_ns()) return;
    if (write(lane->to, packet->bytes, packet->length) == packet->length) lane->carried++;
    if (!lane->leaves_b) note('>', packet->bytes, packet->length);
    lane->read++;
  }
}

static int64_t first_due(const struct lane *lane, int64_t otherwise) {
  if (lane->read == lane->written) return otherwise;
  int64_t due = lane->ring[lane->read % SLOTS].due_ns;
  return due < otherwise ? due : otherwise;
}

// A processor that sleeps is slow to wake, a virtual one the more so, and what that takes would stand in the time of
// whoever waits at either end. A loop on each keeps it awake, and makes way at once for everything else.
static void keep_awake(void) {
  struct sched_param none = {0};
  for (long left = sysconf(_SC_NPROCESSORS_ONLN); left > 0; left--) {
    pid_t parent = getpid();
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || sched_setscheduler(0, SCHED_IDLE, &none) != 0) _exit(1);
    for (;;) __asm__ volatile("");
  }
}

int main(int count, char **words) {
  if (count < 4) {
    fprintf(stderr, "usage: wan-link NAMESPACE_A NAMESPACE_B RTT_MS [LOSS_PERCENT [MBIT_PER_SECOND [SEED [LOG]]]]\n");
    return 2;
  }
  int64_t delay_ns = (int64_t)(atof(words[3]) * NS_PER_MS / 2);
  double loss = count > 4 ? atof(words[4]) / 100 : 0;
  double bytes_per_ns = count > 5 ? atof(words[5]) / 8000 : 0;
  random_state = 0x9E3779B97F4A7C15ULL * (uint64_t)(count > 6 ? atoll(words[6]) : 1) | 1;
  if (count > 7) {
    packet_log = fopen(words[7], "w");
    if (packet_log == NULL) fail(words[7]);
    setvbuf(packet_log, NULL, _IOLBF, 1 << 16);
  }
  int a = open_device(words[1]), b = open_device(words[2]);
  struct lane lanes[2] = {{.from = a, .to = b}, {.from = b, .to = a, .leaves_b = 1}};
  for (int side = 0; side < 2; side++) {
    lanes[side].ring = calloc(SLOTS, sizeof(struct packet));
    if (lanes[side].ring == NULL) fail("memory");
  }
  if (packet_log != NULL) keep_awake();
  // Punctual also on a machine with more to do than it has cores; where that is not allowed, as punctual as may be.
  struct sched_param priority = {.sched_priority = 10};
  sched_setscheduler(0, SCHED_FIFO, &priority);
  prctl(PR_SET_TIMERSLACK, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  puts("ready");
  fflush(stdout);
  while (!ended) {
    hand_out(&lanes[0]);
    hand_out(&lanes[1]);
    int64_t at = now_ns();
    int64_t wait = first_due(&lanes[0], first_due(&lanes[1], at + 1000LL * NS_PER_MS)) - at;
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    struct pollfd ends[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
    if (ppoll(ends, 2, &timeout, NULL) > 0) {
      take_in(&lanes[0], delay_ns, loss, bytes_per_ns);
      take_in(&lanes[1], delay_ns, loss, bytes_per_ns);
    }
  }
  printf("carried %ld %ld dropped %ld %ld\n", lanes[0].carried, lanes[1].carried, lanes[0].dropped, lanes[1].dropped);
  return 0;
}
