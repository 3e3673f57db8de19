/* Every table, migration and SQL text of the store, in one place, so that the file format can be
 * read at a glance.
 *
 *   family     a state machine's arn, once; its revisions are rows of `machine`
 *   machine    a definition as it was; rows never change
 *   prefix     what the arns of one machine's executions share (arn without the name), once; empty
 *              for an arn that does not end with its name, which then stands whole in `tail`
 *   execution  one row each: what listing, timers and recovery need, and the resumable state
 *   history    many events a row; the first ones of an execution, written together with it, stand
 *              in its own row, as its head
 *   document   small named things of the caller
 *
 * Cut for few and local writes, because a commit costs what it dirties. An execution that begins
 * and ends in one batch costs three insertions, all of them at the right end of their trees when
 * names ascend: its row, its arn, its place in the list. The other indexes are partial: only what
 * is due, or has open tasks, stands in them (NULL otherwise).
 *
 * history.id is execution * 2^24 + first event: the chunks of an execution lie together, in order,
 * under an integer key, with no second index. 2^24 events an execution, 2^39 executions.
 *
 * Migrations run in order, each in one transaction with its user_version; a database newer than the
 * program is refused. They are never edited once released: a change is a new one.
 */
#include "internal.h"

const struct schema_migration schema_migrations[] = {
    {1, "CREATE TABLE family(id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE);"
        "CREATE TABLE machine("
        "  id INTEGER PRIMARY KEY, family INTEGER NOT NULL, name TEXT NOT NULL,"
        "  role_arn TEXT NOT NULL, express INTEGER NOT NULL, created INTEGER NOT NULL,"
        "  definition BLOB NOT NULL);"
        "CREATE INDEX machine_family ON machine(family);"
        "CREATE TABLE prefix(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
        "CREATE TABLE execution("
        "  id INTEGER PRIMARY KEY, machine INTEGER NOT NULL, family INTEGER NOT NULL,"
        "  prefix INTEGER NOT NULL, tail TEXT NOT NULL,"
        "  name TEXT," /* NULL: the tail is the name */
        "  status INTEGER NOT NULL, started INTEGER NOT NULL, stopped INTEGER NOT NULL,"
        "  due INTEGER, open_tasks INTEGER, last_event INTEGER NOT NULL, state BLOB NOT NULL);"
        "CREATE UNIQUE INDEX execution_arn ON execution(tail, prefix);"
        "CREATE INDEX execution_list ON execution(family, status);"
        "CREATE INDEX execution_due ON execution(due) WHERE due IS NOT NULL;"
        "CREATE INDEX execution_open ON execution(open_tasks) WHERE open_tasks IS NOT NULL;"
        "CREATE TABLE history(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, chunk BLOB NOT NULL);"
        "CREATE TABLE document(kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
        "  PRIMARY KEY(kind, key)) WITHOUT ROWID;"},
    {2, "ALTER TABLE execution ADD COLUMN head_count INTEGER;"
        "ALTER TABLE execution ADD COLUMN head BLOB;"},
    {0, NULL},
};
const int schema_version = 2;

#define MACHINE_COLUMNS                                                                            \
    "SELECT m.id, m.name, f.arn, m.role_arn, m.express, m.created, m.definition "                  \
    "FROM machine m JOIN family f ON f.id = m.family "
#define EXECUTION_COLUMNS(state)                                                                   \
    "SELECT e.id, e.machine, p.text, e.tail, e.name, e.status, e.started, e.stopped, e.due, "      \
    "e.open_tasks, e.last_event, " state                                                           \
    " FROM execution e CROSS JOIN prefix p ON p.id = e.prefix "
#define EVENT_BITS "24" /* see STORE_EVENT_MAXIMUM */

const char *const schema_sql[SQL_LAST] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_FAMILY_INSERT] = "INSERT INTO family(arn) VALUES(?1) ON CONFLICT DO NOTHING",
    [SQL_FAMILY_OF_MACHINE] = "SELECT family FROM machine WHERE id = ?1",
    [SQL_PREFIX_FIND] = "SELECT id FROM prefix WHERE text = ?1",
    [SQL_PREFIX_INSERT] = "INSERT INTO prefix(text) VALUES(?1)",
    [SQL_MACHINE_INSERT] =
        "INSERT INTO machine(id, family, name, role_arn, express, created, definition) "
        "VALUES(?1, (SELECT id FROM family WHERE arn = ?2), ?3, ?4, ?5, ?6, ?7)",
    [SQL_EXECUTION_INSERT] =
        "INSERT INTO execution(id, machine, family, prefix, tail, name, status, started, stopped, "
        "due, open_tasks, last_event, state, head_count, head) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, "
        "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    /* Leaves `status` alone, and with it the list's index. */
    [SQL_EXECUTION_UPDATE_RUNNING] =
        "UPDATE execution SET due = ?2, open_tasks = ?3, last_event = ?4, state = ?5 "
        "WHERE id = ?1 AND status = 0",
    [SQL_EXECUTION_UPDATE] =
        "UPDATE execution SET due = ?2, open_tasks = ?3, last_event = ?4, state = ?5, status = ?6, "
        "stopped = ?7 WHERE id = ?1",
    [SQL_HISTORY_INSERT] = "INSERT INTO history(id, count, chunk) VALUES(?1, ?2, ?3)",
    [SQL_DOCUMENT_PUT] = "INSERT INTO document(kind, key, value) VALUES(?1, ?2, ?3) "
                         "ON CONFLICT DO UPDATE SET value = excluded.value",
    [SQL_DOCUMENT_DELETE] = "DELETE FROM document WHERE kind = ?1 AND key = ?2",
    [SQL_MAX_EXECUTION] = "SELECT max(id) FROM execution",
    [SQL_MAX_MACHINE] = "SELECT max(id) FROM machine",
    [SQL_MACHINE_GET] = MACHINE_COLUMNS "WHERE m.id = ?1",
    [SQL_MACHINE_FIND] = MACHINE_COLUMNS "WHERE f.arn = ?1 ORDER BY m.id DESC LIMIT 1",
    [SQL_MACHINE_EACH] = MACHINE_COLUMNS "ORDER BY m.id",
    [SQL_EXECUTION_GET] = EXECUTION_COLUMNS("e.state") "WHERE e.id = ?1",
    [SQL_EXECUTION_FIND] = EXECUTION_COLUMNS(
        "e.state") "WHERE e.tail = ?2 AND e.prefix = (SELECT id FROM prefix WHERE text = ?1)",
    /* Newest first over several families and statuses: the newest of each, then the newest of all,
     * so that each part is read from its own end of execution_list. */
    [SQL_EXECUTION_LIST] = EXECUTION_COLUMNS(
        "NULL") "WHERE e.id IN (SELECT x.id FROM family f CROSS JOIN "
                "  (VALUES(0),(1),(2),(3),(4),(5),(6),(7)) s CROSS JOIN execution x "
                "  WHERE (?1 IS NULL OR f.arn = ?1) AND (?2 < 0 OR s.column1 = ?2) AND x.id IN "
                "    (SELECT y.id FROM execution y WHERE y.family = f.id AND y.status = s.column1 "
                "     AND y.id < ?3 ORDER BY y.id DESC LIMIT ?4)) "
                "ORDER BY e.id DESC LIMIT ?4",
    [SQL_EXECUTION_DUE] = EXECUTION_COLUMNS("e.state") "WHERE e.due <= ?1 ORDER BY e.due LIMIT ?2",
    [SQL_EXECUTION_OPEN] = EXECUTION_COLUMNS("e.state") "WHERE e.open_tasks > 0 ORDER BY e.id",
    [SQL_NEXT_DUE] = "SELECT due FROM execution WHERE due IS NOT NULL ORDER BY due LIMIT 1",
    [SQL_HISTORY_HEAD] =
        "SELECT 1, head_count, head FROM execution WHERE id = ?1 AND head_count >= ?2",
    [SQL_HISTORY_ASCENDING] =
        "SELECT id & ((1 << " EVENT_BITS ") - 1), count, chunk FROM history WHERE id >= "
        "coalesce((SELECT max(id) FROM history WHERE id BETWEEN ?1 << " EVENT_BITS
        " AND (?1 << " EVENT_BITS ") + ?2), ?1 << " EVENT_BITS ") "
        "AND id < (?1 + 1) << " EVENT_BITS " ORDER BY id",
    [SQL_HISTORY_DESCENDING] =
        "SELECT id & ((1 << " EVENT_BITS ") - 1), count, chunk FROM history "
        "WHERE id BETWEEN ?1 << " EVENT_BITS " AND (?1 << " EVENT_BITS ") + ?2 ORDER BY id DESC",
    [SQL_DOCUMENT_GET] = "SELECT key, value FROM document WHERE kind = ?1 AND key = ?2",
    [SQL_DOCUMENT_EACH] = "SELECT key, value FROM document WHERE kind = ?1 AND "
                          "(?2 IS NULL OR key > ?2) ORDER BY key LIMIT ?3",
    [SQL_COUNT] = "SELECT count(*) FROM family f CROSS JOIN execution e ON e.family = f.id "
                  "WHERE (?1 IS NULL OR f.arn = ?1) AND (?2 < 0 OR e.status = ?2)",
};
