// The heartbeat of the test guest: numbered, checksummed records on two disks, and the scan that finds them again.
//
//   hb run FIRST SECOND SECOND_RECORDS INTERVAL_MS CHURN_KIB   (in the guest, until SIGTERM)
//   hb scan FILE OFFSET_BYTES RECORDS                          (anywhere; exit 1 when there is a hole)
//
// Record n is the 512-byte sector n (from 1) of its area: "HB <n> <unix seconds> <md5 of what stands before the last space>\n",
// padded with zeros. A record goes to the second area only after the first one has been flushed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { SECTOR = 512, CHUNK = 256 * 1024, CHURN_BLOCK = 4096 };

// The scan ends when this many sectors in a row hold no record: a hole longer than that is not looked behind.
enum { LOOK_AHEAD = 8192 };

static volatile sig_atomic_t stopping;

static void stop(int signal) { (void)signal, stopping = 1; }

// One write per line, so that lines of other processes never come between.
static void say(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        exit(1);
}

static void fail(const char *what)
{
    perror(what);
    say("HB FAILED: %s\n", what);
    exit(1);
}

// MD5 (RFC 1321) of a text shorter than 56 bytes: one block.
static void md5_hex(const char *text, size_t length, char hex[33])
{
    static const uint8_t shifts[] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    static uint32_t sines[64];
    if (!sines[0]) {
        // floor(2^32 * |sin(i + 1)|) without libm: a sine by its Taylor series on a reduced angle.
        for (int i = 0; i < 64; i++) {
            long double x = i + 1, pi = 3.14159265358979323846264338327950288L;
            while (x > pi)
                x -= pi;
            long double term = x, sum = x;
            for (int k = 1; k < 20; k++)
                sum += term *= -x * x / ((2 * k) * (2 * k + 1));
            sines[i] = (uint32_t)((sum < 0 ? -sum : sum) * 4294967296.0L);
        }
    }
    uint8_t block[64] = {0};
    memcpy(block, text, length);
    block[length] = 0x80;
    block[56] = (uint8_t)(length * 8), block[57] = (uint8_t)(length >> 5);
    uint32_t words[16], state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    memcpy(words, block, sizeof words);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 64; i++) {
        uint32_t f;
        int g, round = i / 16;
        if (round == 0)
            f = (b & c) | (~b & d), g = i;
        else if (round == 1)
            f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
        else if (round == 2)
            f = b ^ c ^ d, g = (3 * i + 5) % 16;
        else
            f = c ^ (b | ~d), g = 7 * i % 16;
        uint32_t sum = a + f + sines[i] + words[g];
        int shift = shifts[round * 4 + i % 4];
        a = d, d = c, c = b;
        b += sum << shift | sum >> (32 - shift);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned)(state[i / 4] >> 8 * (i % 4) & 255));
}

static void make_record(char sector[SECTOR], long n, long long seconds)
{
    char hex[33];
    memset(sector, 0, SECTOR);
    int length = snprintf(sector, SECTOR, "HB %ld %lld", n, seconds);
    md5_hex(sector, (size_t)length, hex);
    snprintf(sector + length, (size_t)(SECTOR - length), " %s\n", hex);
}

// A record is right when it is exactly what make_record makes of its own number and time.
static int is_record(const char *sector, long n)
{
    char expected[SECTOR], text[64] = {0};
    long number;
    long long seconds;
    memcpy(text, sector, sizeof text - 1);
    if (sscanf(text, "HB %ld %lld ", &number, &seconds) != 2 || number != n)
        return 0;
    make_record(expected, n, seconds);
    return memcmp(sector, expected, SECTOR) == 0;
}

// scan: the last n with 1..n all right, the holes (wrong records before the last right one), the first of them.
static long scan(int file, off_t offset, long records, long *holes, long *first_hole)
{
    static char buffer[CHUNK];
    long last_in_row = 0, wrong = 0, first_wrong = 0;
    *holes = *first_hole = 0;
    for (long n = 0; n <= records && wrong < LOOK_AHEAD;) {
        ssize_t got = pread(file, buffer, CHUNK, offset + (off_t)n * SECTOR);
        if (got < 0)
            fail("reading the heartbeat area");
        if (got < SECTOR)
            break;
        for (ssize_t at = 0; at + SECTOR <= got && n <= records; at += SECTOR, n++) {
            if (n == 0)
                continue;
            if (!is_record(buffer + at, n)) {
                if (!wrong++)
                    first_wrong = n;
                continue;
            }
            if (wrong) {
                if (!*first_hole)
                    *first_hole = first_wrong;
                *holes += wrong;
                wrong = 0;
            }
            if (!*first_hole)
                last_in_row = n;
        }
    }
    return last_in_row;
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void write_flushed(int disk, long n)
{
    static char sector[SECTOR] __attribute__((aligned(4096)));
    make_record(sector, n, now_ms() / 1000);
    if (pwrite(disk, sector, SECTOR, (off_t)n * SECTOR) != SECTOR || fdatasync(disk) != 0)
        fail("writing a heartbeat record");
}

// Rewrites blocks of the scratch area, which lies behind the heartbeat area, so that every cycle has changes to ship.
static void churn(int disk, off_t from, off_t to, long blocks)
{
    static char block[CHURN_BLOCK] __attribute__((aligned(4096)));
    static uint64_t state = 88172645463325252u;
    for (; blocks > 0 && to - from >= CHURN_BLOCK; blocks--) {
        for (size_t i = 0; i < CHURN_BLOCK; i += 8) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            memcpy(block + i, &state, 8);
        }
        off_t at = from + (off_t)(state % (uint64_t)((to - from) / CHURN_BLOCK)) * CHURN_BLOCK;
        if (pwrite(disk, block, CHURN_BLOCK, at) != CHURN_BLOCK)
            fail("writing to the scratch area");
    }
}

static int open_disk(const char *path, uint64_t *size)
{
    int disk = open(path, O_RDWR | O_DIRECT);
    if (disk < 0 || ioctl(disk, BLKGETSIZE64, size) != 0)
        fail(path);
    return disk;
}

static long scan_path(const char *path, const char *name, long records, long *holes)
{
    long first_hole, found;
    int file = open(path, O_RDONLY);
    if (file < 0)
        fail(path);
    long last = scan(file, 0, records, &found, &first_hole);
    close(file);
    if (found)
        say("HOLE disk=%s first=%ld count=%ld\n", name, first_hole, found);
    *holes += found;
    return last;
}

static int run(char **argument)
{
    uint64_t first_size, second_size;
    int first = open_disk(argument[0], &first_size), second = open_disk(argument[1], &second_size);
    long second_records = atol(argument[2]), interval_ms = atol(argument[3]), churn_kib = atol(argument[4]), holes = 0;
    long capacity = (long)(first_size / SECTOR) - 1;
    if (capacity > second_records)
        capacity = second_records;
    long n1 = scan_path(argument[0], "vda", capacity, &holes), n2 = scan_path(argument[1], "vdb", capacity, &holes);
    say("RECOVERED vda=%ld vdb=%ld holes=%ld\n", n1, n2, holes);
    long n = n1 > n2 ? n1 : n2;
    for (long missing = n1 + 1; missing <= n; missing++)
        write_flushed(first, missing);
    for (long missing = n2 + 1; missing <= n; missing++)
        write_flushed(second, missing);

    off_t scratch = ((off_t)(capacity + 1) * SECTOR + CHURN_BLOCK - 1) / CHURN_BLOCK * CHURN_BLOCK;
    long owed_bytes = 0;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!stopping && n < capacity) {
        n++;
        say("WRITE n=%ld\n", n);
        write_flushed(first, n);
        owed_bytes += churn_kib * 1024 * interval_ms / 1000;
        churn(second, scratch, (off_t)second_size, owed_bytes / CHURN_BLOCK);
        owed_bytes %= CHURN_BLOCK;
        write_flushed(second, n);
        say("BEAT n=%ld t=%lld\n", n, now_ms());
        next.tv_nsec += interval_ms % 1000 * 1000000L;
        next.tv_sec += interval_ms / 1000 + next.tv_nsec / 1000000000L;
        next.tv_nsec %= 1000000000L;
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > next.tv_sec + 1)
            next = now; // Held up for long (paused, a slow vault): beats are not made up for.
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    if (!stopping)
        say("FULL n=%ld: the heartbeat area holds no more records\n", n);
    say("STOPPED n=%ld\n", n);
    return 0;
}

int main(int count, char **argument)
{
    signal(SIGTERM, stop);
    if (count == 7 && strcmp(argument[1], "run") == 0)
        return run(argument + 2);
    if (count == 5 && strcmp(argument[1], "scan") == 0) {
        long holes, first_hole;
        int file = open(argument[2], O_RDONLY);
        if (file < 0)
            fail(argument[2]);
        long last = scan(file, atoll(argument[3]), atol(argument[4]), &holes, &first_hole);
        say("last=%ld holes=%ld first_hole=%ld\n", last, holes, first_hole);
        return holes != 0;
    }
    fprintf(stderr, "usage: hb run FIRST SECOND SECOND_RECORDS INTERVAL_MS CHURN_KIB | hb scan FILE OFFSET_BYTES RECORDS\n");
    return 2;
}
