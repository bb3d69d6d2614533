/* SPDX-License-Identifier: BSD-2-Clause */
/* bridle-worker: one capture, parsed in a jail. Started by bridled only (worker/shm.h). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

int main(void)
{
    char why[200];
    struct worker_shm *shm = map_shm();
    struct worker *w = shm == NULL ? NULL : malloc(sizeof *w);

    if (w == NULL) {
        fprintf(stderr, "bridle-worker: started by bridled only\n");
        return EXIT_WORKER_FAILED;
    }
    memset(w, 0, sizeof *w);
    if (worker_init(w, shm, WORKER_CONTROL_FD, why, sizeof why) < 0) {
        snprintf(shm->status.why, sizeof shm->status.why, "%s", why);
        atomic_store(&shm->status.state, WORKER_FAILED);
        return EXIT_WORKER_FAILED;
    }
    return worker_run(w);
}
