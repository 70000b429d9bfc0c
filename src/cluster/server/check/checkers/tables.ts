/** pool.sqlite as SQLite sees it, and its rows as the protocol does. */
import type { Checker, Checking, Found } from "../finding.ts";
import { json, type PoolTables, TABLES, type TableName } from "../poolTables.ts";
import { fillIn } from "../rebuild/fillIn.ts";

const MOST_MESSAGES = 20;

/** Pages and indexes. @returns what SQLite says; empty when all is well */
export function damageIn({ database }: PoolTables): string[] {
  const said = database
    .all(`PRAGMA integrity_check(${MOST_MESSAGES})`)
    .map((row) => String(Object.values(row)[0]));
  return said.length === 1 && said[0] === "ok" ? [] : said;
}

export const rowsChecker: Checker = {
  name: "rows",
  noun: "rows of the database",
  async run(checking, tables) {
    if (tables === null) return [];
    const found = orphans(checking, tables);
    for (const table of Object.keys(TABLES) as TableName[])
      found.push(...(await unreadable(checking, tables, table)));
    found.push(...columns(tables), ...open(tables));
    return found;
  },
};

/** Rows whose parent is not there. */
function orphans(checking: Checking, { database }: PoolTables): Found[] {
  const broken = Map.groupBy(
    database.all("PRAGMA foreign_key_check"),
    ({ table, parent, fkid }) => `${String(table)}\0${String(parent)}\0${String(fkid)}`,
  );
  return [...broken].flatMap(([key, rows]) => {
    const [table = "", parent = "", fkid] = key.split("\0");
    const columns = database
      .all(`PRAGMA foreign_key_list(${quoted(table)})`)
      .find(({ id }) => String(id) === fkid);
    if (columns === undefined) return [];
    const where = `${quoted(String(columns.from))} NOT IN (SELECT ${quoted(String(columns.to))} FROM ${quoted(parent)})`;
    return {
      check: "rows",
      what: `${rows.length === 1 ? "A row" : `${rows.length} rows`} of ${table} belong to what is not in ${parent}.`,
      where: `pool.sqlite: ${table}`,
      severity: "error" as const,
      repair: `Rebuild what is missing in ${parent}, or take them out.`,
      mend: async () => {
        await fillIn(checking, database, null);
        const left = database.all(`SELECT * FROM ${quoted(table)} WHERE ${where}`);
        for (const row of left) checking.lostAndFound.keepRow(table, row);
        database.run(`DELETE FROM ${quoted(table)} WHERE ${where}`);
        return left.length === 0 ? "What they belong to was rebuilt." : `${left.length} were taken out.`;
      },
    };
  });
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function unreadable(checking: Checking, { database }: PoolTables, table: TableName): Promise<Found[]> {
  const { id: key, body, own } = TABLES[table];
  const found: Found[] = [];
  const columns = own === null ? "body" : "body, own";
  for (const row of database.each(`SELECT ${key} AS id, ${columns} FROM ${table}`)) {
    await checking.breathe();
    const problem =
      problemOf(body.safeParse(json(row.body)).error?.issues) ??
      (own === null ? null : problemOf(own.safeParse(json(row.own)).error?.issues));
    if (problem === null) continue;
    const id = row.id as string | number;
    found.push({
      check: "rows",
      what: `A row of ${table} cannot be read: ${problem}.`,
      where: `pool.sqlite: ${table} ${id}`,
      severity: "error",
      repair:
        "Rebuild it from the newest backup or from the run directories; the row as it is goes to lost+found.",
      mend: async () => {
        const whole = database.get(`SELECT * FROM ${table} WHERE ${key} = ?`, id);
        if (whole === undefined) return "It was rebuilt.";
        checking.lostAndFound.keepRow(table, whole);
        // What belongs to it stays: it gets its row again, or is found to have none.
        database.run("PRAGMA foreign_keys = OFF");
        try {
          database.run(`DELETE FROM ${table} WHERE ${key} = ?`, id);
          await fillIn(checking, database, { table, id: String(id) });
        } finally {
          database.run("PRAGMA foreign_keys = ON");
        }
        const isThere = database.get(`SELECT 1 FROM ${table} WHERE ${key} = ?`, id) !== undefined;
        return isThere ? "It was rebuilt." : "It was taken out: nothing else knows of it.";
      },
    });
  }
  return found;
}

function problemOf(issues: readonly { path: PropertyKey[]; message: string }[] | undefined): string | null {
  const [issue] = issues ?? [];
  if (issue === undefined) return null;
  return `${issue.path.map(String).join(".") || "it"}: ${issue.message}`.replace(/[.\s]+$/, "").slice(0, 300);
}

/** Columns beside the body that say something else than it. */
function columns({ database }: PoolTables): Found[] {
  const rules = [
    ["experiments", "id", "state", "json_extract(body, '$.state')"],
    ["trials", "id", "state", "json_extract(body, '$.state')"],
    ["runs", "id", "ended", "json_extract(body, '$.outcome') IS NOT NULL"],
  ] as const;
  return rules.flatMap(([table, key, column, truth]) =>
    database
      .all(`SELECT ${key} AS id FROM ${table} WHERE json_valid(body) AND ${column} IS NOT (${truth})`)
      .map(({ id }) => ({
        check: "rows",
        what: `The column ${column} of a row of ${table} differs from its content.`,
        where: `pool.sqlite: ${table} ${String(id)}`,
        severity: "warning" as const,
        repair: "Set it to what the content says.",
        mend: () => {
          database.run(`UPDATE ${table} SET ${column} = (${truth}) WHERE ${key} = ?`, id as string | number);
          return "It says the same now.";
        },
      })),
  );
}

/** A run that has not ended, of a trial that is at another one, or at none: nobody looks at it any more. */
function open({ database }: PoolTables): Found[] {
  return database
    .all(
      `SELECT r.id AS id FROM runs r JOIN trials t ON t.id = r.trial_id
       WHERE r.ended = 0 AND json_valid(r.body) AND json_valid(t.body)
         AND json_extract(t.body, '$.currentRun') IS NOT r.id`,
    )
    .map(({ id }) => ({
      check: "rows",
      what: "A run has not ended, but its trial is not at it any more.",
      where: `pool.sqlite: runs ${String(id)}`,
      severity: "error" as const,
      repair: "Mark it as lost.",
      mend: () => {
        database.run(
          `UPDATE runs SET ended = 1, body = json_set(body, '$.outcome', 'lost', '$.endedAt', coalesce(json_extract(body, '$.endedAt'), ?)) WHERE id = ?`,
          Date.now(),
          String(id),
        );
        return "It is marked as lost.";
      },
    }));
}
