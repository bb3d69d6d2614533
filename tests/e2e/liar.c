/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for bridle-worker in tests: speaks main's protocol, and then misbehaves as the environment
 * variable LIAR says: `garbage` in a ring, a record with an indicator that does not exist (`ioc`), no turn of
 * the loop any more (`hang`), nonsense on the control socket (`talk`), or a death at once (`die`).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/record.h"
#include "worker/shm.h"

static void garbage(struct worker_shm *shm)
{
    struct ring_head *head = worker_shm_observations(shm, shm->sightings_size);

    memset(head + 1, 0x5a, 4096);
    atomic_store(&head->written, 4096);
}

static void ioc(struct worker_shm *shm)
{
    struct ring ring;
    uint8_t buf[RING_RECORD_MAX];
    struct record r = {.seq = 1, .kind = RECORD_SIGHTING, .ioc = 0x7ffffff0, .generation = 1};

    ring_attach(&ring, worker_shm_sightings(shm), shm->sightings_size);
    ring_put(&ring, buf, record_pack(&r, buf));
}

static void talk(struct worker_shm *shm)
{
    struct worker_message m = {.kind = WORKER_MSG_IMAGE_ACK, .number = 4000000000u};

    worker_message_send(WORKER_CONTROL_FD, &m, -1);
}

static void die(struct worker_shm *shm)
{
    abort();
}

static void hang(struct worker_shm *shm) {}

static const struct {
    const char *name;
    void (*run)(struct worker_shm *shm);
} lies[] = {{"garbage", garbage}, {"ioc", ioc}, {"talk", talk}, {"die", die}, {"hang", hang}};

int main(void)
{
    const char *lie = getenv("LIAR");
    struct worker_message m, ready = {.kind = WORKER_MSG_READY};
    struct stat st;
    int wake = -1, got;

    fcntl(WORKER_CONTROL_FD, F_SETFL, 0);
    /* WAKE_FD, then IMAGE */
    if (worker_message_receive(WORKER_CONTROL_FD, &m, &wake) != 1 ||
        worker_message_receive(WORKER_CONTROL_FD, &m, &got) != 1 || fstat(WORKER_SHM_FD, &st) < 0)
        return 1;
    struct worker_shm *shm =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_SHM_FD, 0);
    if (shm == MAP_FAILED)
        return 1;
    atomic_store(&shm->status.state, WORKER_RUNNING);
    worker_message_send(WORKER_CONTROL_FD, &ready, -1);
    usleep(50000);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        if (lie != NULL && strcmp(lie, lies[i].name) == 0)
            lies[i].run(shm);
    eventfd_write(wake, 1);
    for (;;)
        pause();
}
