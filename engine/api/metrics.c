/* /metrics: the engine's figures as Prometheus text. */
#include <inttypes.h>

#include "engine/api/delivery/delivery.h"
#include "engine/api/internal.h"

static void put(struct asl_buffer *out, const char *name, const char *type, const char *help,
                double value)
{
    asl_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name,
                      value);
}

static void put_deliveries(struct api *a, struct asl_buffer *out)
{
    struct delivery_figures f[DELIVERY_CHANNELS];
    deliveries_figures(a, f);
    asl_buffer_puts(out, "# HELP stepwell_deliveries_total Records delivered or dropped.\n"
                         "# TYPE stepwell_deliveries_total counter\n");
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++)
        asl_buffer_printf(out,
                          "stepwell_deliveries_total{to=\"%s\",result=\"delivered\"} %" PRIu64 "\n"
                          "stepwell_deliveries_total{to=\"%s\",result=\"dropped\"} %" PRIu64 "\n",
                          f[i].channel, f[i].delivered, f[i].channel, f[i].dropped);
    asl_buffer_puts(out, "# HELP stepwell_deliveries_waiting Executions with records to deliver.\n"
                         "# TYPE stepwell_deliveries_waiting gauge\n");
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++)
        asl_buffer_printf(out, "stepwell_deliveries_waiting{to=\"%s\"} %zu\n", f[i].channel,
                          f[i].waiting);
}

static void put_statuses(struct api *a, struct asl_buffer *out)
{
    asl_buffer_puts(out, "# HELP stepwell_executions Executions in the store, by status.\n"
                         "# TYPE stepwell_executions gauge\n");
    for (int s = ASL_RUNNING; s <= ASL_PENDING_REDRIVE; s++)
        asl_buffer_printf(out, "stepwell_executions{status=\"%s\"} %" PRId64 "\n",
                          asl_status_name((enum asl_status)s),
                          store_count_executions(engine_store(a->engine), NULL, s));
}

void api_metrics(struct api *a, struct asl_buffer *out)
{
    struct engine_figures f;
    engine_get_figures(a->engine, &f);
    const struct {
        const char *name, *type, *help;
        double value;
    } figures[] = {
        {"stepwell_turns_total", "counter", "Turns of the loop.", (double)f.turns},
        {"stepwell_commits_total", "counter", "Commits to the store.", (double)f.commits},
        {"stepwell_commit_seconds_total", "counter", "Time spent in commits.",
         (double)f.commit_us_total / 1e6},
        {"stepwell_commit_seconds_max", "gauge", "The longest commit.",
         (double)f.commit_us_maximum / 1e6},
        {"stepwell_steps_total", "counter", "Steps of executions.", (double)f.steps},
        {"stepwell_events_total", "counter", "History events written.", (double)f.events},
        {"stepwell_executions_started_total", "counter", "Executions started.", (double)f.started},
        {"stepwell_executions_finished_total", "counter", "Executions ended.", (double)f.finished},
        {"stepwell_live_executions", "gauge", "Executions in memory.", (double)f.live},
        {"stepwell_queue_depth", "gauge", "Executions that can run now.", (double)f.queued},
        {"stepwell_open_tasks", "gauge", "Tasks under way.", (double)f.open_tasks},
        {"stepwell_api_answers_total", "counter", "API calls answered.", (double)a->answered},
        {"stepwell_api_errors_total", "counter", "API calls refused.", (double)a->refused},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        put(out, figures[i].name, figures[i].type, figures[i].help, figures[i].value);
    put_statuses(a, out);
    put_deliveries(a, out);
}
