/* sim --seed N [--verbose]                         one run
 * sim [--seeds A..B] [--for SECONDS] [--jobs N]    many, on all processors
 * --unvalidated: the resolver has no trust anchors; else it has some in nine of ten runs
 *
 * Prints TAP. A run that fails, or dies, is named with the command that repeats it. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

enum {
    JOBS_MAX = 64,
    FAILURES_MAX = 20,
    RUN_SECONDS_MAX = 120, /* a run takes milliseconds; one that never ends dies of SIGALRM */
};

struct job_shared {
    uint64_t seed; /* under way */
    uint64_t next; /* to begin with */
    struct tally sum;
    bool failed; /* the seed under way; the job ends then */
    char why[WHY_LEN];
};

struct plan {
    uint64_t first, last;
    unsigned seconds; /* 0: no limit */
    unsigned jobs;
    struct sim_options options;
    const char *program;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void work(const struct plan *p, struct job_shared *job, int64_t end_ms)
{
    for (; job->next <= p->last && clock_ms() < end_ms; job->next += p->jobs) {
        job->seed = job->next;
        alarm(RUN_SECONDS_MAX);
        if (!sim_run(job->seed, &p->options, &job->sum, job->why)) {
            job->failed = true;
            return;
        }
    }
}

static pid_t start(const struct plan *p, struct job_shared *job, int64_t end_ms)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    work(p, job, end_ms);
    fflush(stdout);
    _exit(0);
}

static void add(struct tally *sum, const struct tally *t)
{
    sum->runs += t->runs;
    sum->questions += t->questions;
    sum->must += t->must;
    sum->answered += t->answered;
    sum->stale += t->stale;
    sum->servfail += t->servfail;
    sum->messages += t->messages;
    sum->events += t->events;
}

static void print_failure(const struct plan *p, unsigned number, const struct job_shared *job, int status)
{
    printf("not ok %u - seed %llu\n", number, (unsigned long long)job->seed);
    if (job->failed)
        printf("# %s\n", job->why);
    else if (WIFSIGNALED(status))
        printf("# died of signal %d\n", WTERMSIG(status));
    else
        printf("# ended with status %d\n", WEXITSTATUS(status));
    printf("# %s%s --seed %llu --verbose\n", p->program, p->options.validate ? "" : " --unvalidated",
        (unsigned long long)job->seed);
    fflush(stdout);
}

/* The jobs work; one that failed goes on behind its seed. Returns the number of failures. */
static unsigned run(const struct plan *p, struct tally *sum)
{
    size_t len = p->jobs * sizeof(struct job_shared);
    struct job_shared *jobs = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (jobs == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    int64_t end_ms = p->seconds ? clock_ms() + p->seconds * 1000 : INT64_MAX;
    pid_t pids[JOBS_MAX];
    unsigned running = 0, failures = 0;
    for (unsigned i = 0; i < p->jobs; i++, running++) {
        jobs[i].next = p->first + i;
        pids[i] = start(p, &jobs[i], end_ms);
    }
    while (running > 0) {
        int status;
        pid_t pid = wait(&status);
        unsigned i = 0;
        while (i < p->jobs && pids[i] != pid)
            i++;
        if (i == p->jobs)
            continue;
        running--;
        if (!jobs[i].failed && WIFEXITED(status) && WEXITSTATUS(status) == 0)
            continue;
        print_failure(p, ++failures, &jobs[i], status);
        jobs[i].failed = false;
        jobs[i].next = jobs[i].seed + p->jobs;
        if (failures < FAILURES_MAX) {
            pids[i] = start(p, &jobs[i], end_ms);
            running++;
        }
    }
    for (unsigned i = 0; i < p->jobs; i++)
        add(sum, &jobs[i].sum);
    munmap(jobs, len);
    return failures;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    return *text && *end == 0;
}

static bool read_seeds(const char *text, struct plan *p)
{
    char *end;
    p->first = strtoull(text, &end, 10);
    return strncmp(end, "..", 2) == 0 && read_number(end + 2, &p->last);
}

static bool read_arguments(struct plan *p, int argc, char **argv)
{
    uint64_t n;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--verbose") == 0) {
            p->options.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--unvalidated") == 0) {
            p->options.validate = false;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--seed") == 0 && read_number(value, &p->first))
            p->last = p->first;
        else if (strcmp(argv[i - 1], "--for") == 0 && read_number(value, &n) && n < 1000000)
            p->seconds = (unsigned)n;
        else if (strcmp(argv[i - 1], "--jobs") == 0 && read_number(value, &n) && n >= 1 && n <= JOBS_MAX)
            p->jobs = (unsigned)n;
        else if (strcmp(argv[i - 1], "--seeds") != 0 || !read_seeds(value, p))
            return false;
    }
    return p->first <= p->last;
}

/* A check that accepts everything would not be one: of so many runs, most questions are answered, and many
 * are held to be answered. */
static unsigned print_sums(const struct plan *p, const struct tally *t, unsigned failures)
{
    unsigned number = failures, bad = 0;
    printf(
        "%s %u - every answer is the truth, or SERVFAIL, in time and within its work; nothing is left over\n",
        failures ? "not ok" : "ok", ++number);
    if (t->runs >= 200) {
        bool enough = t->must * 100 >= t->questions * 8 && t->answered * 100 >= t->questions * 50;
        printf("%s %u - most questions are answered, many had to be\n", enough ? "ok" : "not ok", ++number);
        bad += !enough;
    }
    printf("1..%u\n", number);
    printf("# %llu runs, %llu questions: %llu answered (%llu had to be, %llu stale), %llu SERVFAIL; %llu "
           "messages, %llu "
           "events\n",
        (unsigned long long)t->runs, (unsigned long long)t->questions, (unsigned long long)t->answered,
        (unsigned long long)t->must, (unsigned long long)t->stale, (unsigned long long)t->servfail,
        (unsigned long long)t->messages, (unsigned long long)t->events);
    if (t->runs < p->last - p->first + 1 && failures < FAILURES_MAX)
        printf("# %u s are over\n", p->seconds);
    return bad;
}

int main(int argc, char **argv)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    struct plan p = {.first = 1, .last = 1000, .options.validate = true, .program = argv[0]};
    p.jobs = (unsigned)(cpus < JOBS_MAX ? cpus : JOBS_MAX);
    if (!read_arguments(&p, argc, argv)) {
        fprintf(
            stderr, "sim [--seed N | --seeds A..B] [--for SECONDS] [--jobs N] [--unvalidated] [--verbose]\n");
        return 2;
    }
    if (p.last - p.first + 1 < p.jobs)
        p.jobs = (unsigned)(p.last - p.first + 1);
    if (p.options.verbose) /* what a run that dies said last must be seen */
        setvbuf(stdout, NULL, _IOLBF, 0);
    struct tally sum = {0};
    unsigned failures = run(&p, &sum);
    return failures + print_sums(&p, &sum, failures) > 0;
}
