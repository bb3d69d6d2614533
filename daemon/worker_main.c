/* SPDX-License-Identifier: BSD-2-Clause */
/* bridle-worker: one capture, parsed in a jail. Started by bridled only (worker/shm.h). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "os/bus.h"
#include "worker/worker.h"

static struct worker_shm *map_shm(void)
{
    struct stat st;

    if (fstat(WORKER_SHM_FD, &st) < 0 || (size_t)st.st_size < sizeof(struct worker_shm))
        return NULL;
    struct worker_shm *shm =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_SHM_FD, 0);
    if (shm == MAP_FAILED)
        return NULL;
    close(WORKER_SHM_FD);
    return (size_t)st.st_size == worker_shm_bytes(shm->sightings_size, shm->observations_size) ? shm : NULL;
}

/* The worker has nothing to say on our standard output or error, and a hostile one must not be able to.
 * Sanitizers report there. */
static int mute(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int rc = null < 0 || dup2(null, STDOUT_FILENO) < 0 ? -1 : 0;

    if (rc == 0 && !BRIDLE_SANITIZED)
        rc = dup2(null, STDERR_FILENO) < 0 ? -1 : 0;

    if (null >= 0)
        close(null);
    return rc;
}

static struct worker worker; /* all that this process has */

int main(void)
{
    char why[200];
    struct worker_shm *shm = map_shm();

    bus_init();
    if (shm == NULL || mute() < 0) {
        fprintf(stderr, "bridle-worker: started by bridled only\n");
        return EXIT_WORKER_FAILED;
    }
    if (worker_init(&worker, shm, WORKER_CONTROL_FD, why, sizeof why) < 0) {
        snprintf(shm->status.why, sizeof shm->status.why, "%s", why);
        atomic_store(&shm->status.state, WORKER_FAILED);
        return EXIT_WORKER_FAILED;
    }
    return worker_run(&worker);
}
