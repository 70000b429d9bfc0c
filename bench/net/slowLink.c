/*
 * A long, narrow link between two network namespaces: a TUN device in each, and between them a delay, a rate and a queue that
 * drops what does not fit. For kernels without netem. Packets of up to 64 KiB cross in one piece (segmentation offload),
 * so it costs little, and loss is coarse.
 *
 *   slowLink NAMESPACE ADDRESS/BITS NAMESPACE ADDRESS/BITS ONE_WAY_MS MBIT_PER_S QUEUE_KIB
 *
 * Says "up" when it carries packets, and goes on until it is killed. From SIGUSR1 on it swallows them without a word, from
 * SIGUSR2 on it carries them again.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
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

enum { SLOTS = 65536, LARGEST = 66000, BURST = 64 };

struct packet {
  int64_t arrives_ns;
  int length;
  unsigned char *bytes;
};

/* One way: what has left one end and has not arrived at the other. */
struct way {
  struct packet *ring;
  uint32_t first, next;
  int64_t line_free_ns;
};

static volatile sig_atomic_t swallows;

static void on_signal(int number) { swallows = number == SIGUSR1; }

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* A device in a namespace; the descriptor works from ours. */
static int open_end(const char *name, const char *address) {
  char text[600];
  int own = open("/proc/self/ns/net", O_RDONLY);
  snprintf(text, sizeof text, "/run/netns/%s", name);
  int other = open(text, O_RDONLY);
  if (own < 0 || other < 0 || setns(other, CLONE_NEWNET)) fail(text);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  strcpy(request.ifr_name, "slow0");
  if (ioctl(device, TUNSETIFF, &request)) fail("TUNSETIFF");
  if (ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4)) fail("TUNSETOFFLOAD");
  snprintf(text, sizeof text,
           "ip address add %s dev slow0 && ip link set slow0 txqueuelen 20000 up && ip link set lo up", address);
  if (system(text)) exit(1);
  if (setns(own, CLONE_NEWNET)) fail("setns");
  close(own);
  close(other);
  return device;
}

/* Everything whose time has come. Returns when the next one is due. */
static int64_t deliver(struct way *way, int device, int64_t until_ns) {
  for (; way->first != way->next; way->first++) {
    struct packet *packet = &way->ring[way->first % SLOTS];
    if (packet->arrives_ns > now_ns()) return packet->arrives_ns < until_ns ? packet->arrives_ns : until_ns;
    if (!swallows && write(device, packet->bytes, packet->length) < 0) { /* as good as lost on the way */
    }
    free(packet->bytes);
  }
  return until_ns;
}

static void take(struct way *way, int device, int64_t delay_ns, double ns_per_byte, int64_t queue_ns) {
  static unsigned char buffer[LARGEST];
  for (int taken = 0; taken < BURST; taken++) {
    int length = read(device, buffer, sizeof buffer);
    if (length <= 0) return;
    int64_t now = now_ns();
    if (way->line_free_ns < now) way->line_free_ns = now;
    if (way->line_free_ns - now > queue_ns || way->next - way->first >= SLOTS) continue;
    way->line_free_ns += (int64_t)((length - (int)sizeof(struct virtio_net_hdr)) * ns_per_byte);
    struct packet *packet = &way->ring[way->next++ % SLOTS];
    packet->arrives_ns = way->line_free_ns + delay_ns;
    packet->length = length;
    packet->bytes = malloc(length);
    if (packet->bytes == NULL) fail("malloc");
    memcpy(packet->bytes, buffer, length);
  }
}

int main(int count, char **words) {
  if (count != 8) {
    fprintf(stderr, "usage: slowLink NAMESPACE ADDRESS NAMESPACE ADDRESS ONE_WAY_MS MBIT_PER_S QUEUE_KIB\n");
    return 2;
  }
  int64_t delay_ns = (int64_t)(atof(words[5]) * 1e6);
  double ns_per_byte = 8000.0 / atof(words[6]);
  int64_t queue_ns = (int64_t)(atof(words[7]) * 1024 * ns_per_byte);
  int ends[2] = {open_end(words[1], words[2]), open_end(words[3], words[4])};
  struct way ways[2] = {{0}, {0}};
  for (int i = 0; i < 2; i++) {
    ways[i].ring = calloc(SLOTS, sizeof(struct packet));
    if (ways[i].ring == NULL) fail("calloc");
  }
  prctl(PR_SET_PDEATHSIG, 9); /* it ends with the benchmark */
  prctl(PR_SET_TIMERSLACK, 1000UL);
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, on_signal);
  puts("up");
  fflush(stdout);
  for (;;) {
    int64_t due_ns = now_ns() + 1000000000;
    for (int i = 0; i < 2; i++) due_ns = deliver(&ways[i], ends[!i], due_ns);
    int64_t wait_ns = due_ns - now_ns();
    if (wait_ns < 0) wait_ns = 0;
    struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
    struct pollfd polled[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    if (ppoll(polled, 2, &wait, NULL) <= 0) continue;
    for (int i = 0; i < 2; i++)
      if (polled[i].revents & POLLIN) take(&ways[i], ends[i], delay_ns, ns_per_byte, queue_ns);
  }
}
