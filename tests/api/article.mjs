// The article whole, a day of it in virtual time: the incremental export of definitions/, started every 30
// minutes by a schedule; items change between the runs (a second schedule, every 7 minutes, writes them at the
// same virtual clock); the server is killed at random moments. Afterwards: 48 executions, no two runs at a time, each
// export's window begins where the last one ended, and every change stands in exactly one export.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Server, Tally } from './client.mjs';

const tally = new Tally('article');
const KILLS = Number(process.env.KILLS ?? 10), RUNS = 48, EVERY = 30 * 60000;
const program = process.env.STEPWELL ?? 'build/stepwell', here = 'definitions/incremental-export';
const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog', ARN = 'arn:aws:states:us-east-1:123456789012';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const time = (ms) => new Date(ms).toISOString();
const check = (what, fine, told) => fine ? tally.pass() : tally.fail(what, told);

const server = new Server(['--time', 'skip']);
const db = join(server.folder, 'api.db');
const cli = (...words) => execFileSync(program, words, { encoding: 'utf8' });
const begin = Math.ceil(Date.now() / 60000) * 60000 + 60000, end = begin + (RUNS - 1) * EVERY;
const first = begin - EVERY; // where the first window begins

cli('local', '--data', `${db}.data`, '--file', `${here}/seed.json`, '--var', `LastRunTime=${time(first)}`);
cli('schedule', 'add', 'export', 'rate(30 minutes)', '--definition', `${here}/machine.asl.json`, '--db', db,
  '--var', 'JobTable=JobExport', '--var', 'Bucket=exports', '--var', `TableArn=${TABLE}`,
  '--input', `@${here}/input.json`, '--start', time(begin).slice(0, 19), '--end', time(end).slice(0, 19), '--missed', 'all');
const change = join(server.folder, 'change.asl.json');
writeFileSync(change, JSON.stringify({ StartAt: 'Change', States: { Change: { Type: 'Task', End: true,
  Resource: 'arn:aws:states:::dynamodb:putItem', Parameters: { TableName: 'ProductCatalog', Item: {
    sku: { 'S.$': '$$.Execution.Name' }, at: { 'S.$': '$$.State.EnteredTime' } } } } } }));
cli('schedule', 'add', 'change', 'rate(7 minutes)', '--definition', change, '--db', db, '--start', time(begin).slice(0, 19),
  '--end', time(end).slice(0, 19), '--missed', 'all');

async function all(operation, parameters, member) {
  const items = [];
  for (let nextToken; ;) {
    const { body } = await server.call(operation, { ...parameters, maxResults: 1000, ...(nextToken && { nextToken }) });
    if (!body[member]) throw new Error(JSON.stringify(body));
    items.push(...body[member]);
    if (!(nextToken = body.nextToken)) return items;
  }
}
const list = (machine, statusFilter) => all('ListExecutions',
  { stateMachineArn: `${ARN}:stateMachine:${machine}`, ...(statusFilter && { statusFilter }) }, 'executions');
const exporting = 'incremental-export';

let kills = 0;
await server.start();
for (let i = 0; i < 20000; i++) {
  const runs = await list(exporting);
  if (kills < KILLS && runs.length > (kills * RUNS) / (KILLS + 1)) {
    await sleep(Math.random() * 30);
    await server.stop('SIGKILL');
    kills++;
    await server.start();
  } else if (runs.length === RUNS && !runs.some((r) => r.status === 'RUNNING') &&
    !(await list('change', 'RUNNING')).length) break;
  await sleep(5);
}

const runs = (await list(exporting)).sort((a, b) => a.startDate - b.startDate);
check('the number of runs', runs.length === RUNS && new Set(runs.map((r) => r.name)).size === RUNS, `${runs.length}`);
check('their ends', runs.every((r) => r.status === 'SUCCEEDED'), JSON.stringify(runs.filter((r) => r.status !== 'SUCCEEDED')));
check('one at a time', runs.every((r, i) => i === 0 || runs[i - 1].stopDate <= r.startDate), 'two ran at the same time');
const windows = [];
for (const { executionArn } of runs)
  for (const event of await all('GetExecutionHistory', { executionArn }, 'events'))
    if (event.type === 'TaskScheduled' && event.taskScheduledEventDetails.resource === 'exportTableToPointInTime') {
      const s = JSON.parse(event.taskScheduledEventDetails.parameters).IncrementalExportSpecification;
      windows.push([Date.parse(s.ExportFromTime), Date.parse(s.ExportToTime)]);
    }
check('an export each', windows.length === RUNS, `${windows.length}`);
check('windows that meet', windows.every(([from], i) => from === (i ? windows[i - 1][1] : first)),
  JSON.stringify(windows.map((w) => w.map(time))));

const folder = join(`${db}.data`, 's3', 'exports', 'AWSDynamoDB'), exported = [];
for (const file of readdirSync(folder, { recursive: true }).filter((f) => f.endsWith('.json.gz')))
  for (const line of gunzipSync(readFileSync(join(folder, file))).toString().split('\n').filter(Boolean))
    exported.push(JSON.parse(line).Keys.sku.S);
const changes = (await list('change')).filter((c) => c.status === 'SUCCEEDED');
const last = windows.at(-1)?.[1] ?? 0;
const due = changes.filter((c) => c.startDate * 1000 < last - 1000).map((c) => c.name);
const written = new Set(changes.map((c) => c.name)), ours = exported.filter((sku) => written.has(sku));
check('every change is exported', due.length > 190 && due.every((name) => ours.includes(name)),
  `${due.length} due; missing: ${due.filter((name) => !ours.includes(name)).slice(0, 5)}`);
check('none is exported twice', new Set(ours).size === ours.length, 'some are');
console.log(`${kills} kills, ${runs.length} runs, ${windows.length} exports, ${changes.length} changes, ${ours.length} exported`);
check('the kills', kills === KILLS, `${kills}`);
check('the end', await server.close() === 0, server.errors);
tally.close();
