// The crash campaign through the API: 64 clients start, stop, poll for tasks and send their tokens while the
// server is killed (SIGKILL) again and again. Each call goes into a log as acknowledged, refused or unknown (the
// connection broke). When the killing ends, what still runs is let finish, and a checker holds the log against
// what the server tells:
//
//   lost        an acknowledged start that is not there, or has another input; an acknowledged stop that did not
//               stop; an acknowledged token whose output is not the execution's
//   duplicated  an execution that nobody asked for; a name twice; a history whose ids do not run 1, 2, 3 ...;
//               a state entered twice; one task's token taken twice
//   stuck       an execution that does not end although everybody works
//
//     KILLS=1000 node tests/api/campaign.mjs       (make test: 12 kills)
import { Server, sleep, Tally, until } from './client.mjs';

const KILLS = Number(process.env.KILLS ?? 12), CLIENTS = 64;
const tally = new Tally('campaign');
const PREFIX = 'arn:aws:states:us-east-1:123456789012:', ROLE = 'arn:aws:iam::123456789012:role/r';
const define = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const machines = {
  quick: define({ P: { Type: 'Pass', Next: 'Q' }, Q: { Type: 'Pass', End: true } }),
  waits: define({ W: { Type: 'Wait', Seconds: 1, Next: 'P' }, P: { Type: 'Pass', End: true } }),
  // A task whose worker never heard of it, because the answer was lost, is given out again.
  works: define({ A: { Type: 'Task', Resource: `${PREFIX}activity:work`, TimeoutSeconds: 3, End: true,
    Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 99999 }] } }),
};
const server = await new Server().start();
const log = { starts: new Map(), stops: new Map(), tokens: new Map() };
const count = { acknowledged: 0, refused: 0, unknown: 0, kills: 0 };
let killing = true, draining = false, names = 0, up = Promise.resolve();

// {outcome: acknowledged | refused | unknown, body}
async function call(operation, parameters) {
  try {
    await up;
    const { status, body } = await server.call(operation, parameters);
    const outcome = status === 200 ? 'acknowledged' : 'refused';
    count[outcome]++;
    return { outcome, body };
  } catch {
    count.unknown++;
    await sleep(5);
    return { outcome: 'unknown', body: {} };
  }
}

async function start() {
  const machine = Object.keys(machines)[Math.floor(Math.random() * 3)], name = `e${names++}`;
  const entry = { machine, name, input: JSON.stringify({ n: name }), outcome: 'unknown' };
  log.starts.set(`${PREFIX}execution:${machine}:${name}`, entry);
  // An unknown outcome is asked again, as SDKs do: with the same name and input it is the same start.
  for (let i = 0; i < 3 && entry.outcome === 'unknown'; i++)
    entry.outcome = (await call('StartExecution', { stateMachineArn: `${PREFIX}stateMachine:${machine}`, name,
      input: entry.input })).outcome;
}

async function stop() {
  const waiting = [...log.starts].slice(-200).filter(([arn, e]) => e.machine === 'waits' && !log.stops.has(arn));
  const [executionArn] = waiting[Math.floor(Math.random() * waiting.length)] ?? [];
  if (!executionArn) return;
  log.stops.set(executionArn, 'unknown');
  const { outcome, body } = await call('StopExecution', { executionArn, error: 'Stopped', cause: executionArn });
  log.stops.set(executionArn, outcome === 'acknowledged' && !body.stopDate ? 'refused' : outcome);
}

async function work() {
  const { body } = await call('GetActivityTask', { activityArn: `${PREFIX}activity:work`, workerName: 'w' });
  if (!body.taskToken) return;
  const output = JSON.stringify({ did: JSON.parse(body.input).n, by: Math.random() });
  const tries = log.tokens.get(body.taskToken) ?? [];
  log.tokens.set(body.taskToken, tries);
  for (let i = 0; i < 3; i++) {
    const { outcome } = await call('SendTaskSuccess', { taskToken: body.taskToken, output });
    tries.push({ output, outcome });
    if (outcome !== 'unknown') return;
  }
}

const look = () => call('ListExecutions', { stateMachineArn: `${PREFIX}stateMachine:quick`, maxResults: 5 });

async function client(i) {
  const acts = i < 24 ? [start] : i < 32 ? [stop] : i < 56 ? [work] : [look, start];
  while (killing || draining) {
    if (draining && i < 32) return;
    await acts[Math.floor(Math.random() * acts.length)]();
    if (draining && i >= 56) return;
    await sleep(Math.random() * 20);
  }
}

async function kill() {
  while (count.kills < KILLS) {
    const { acknowledged } = count; // it is worth a kill once it has done some work, however slowly
    await until(() => count.acknowledged > acknowledged + 24, 'no call is acknowledged any more');
    await sleep(20 + Math.random() * 150);
    let started;
    up = new Promise((resolve) => { started = resolve; });
    await server.stop('SIGKILL');
    count.kills++;
    await server.start();
    started();
  }
}

// ---- the checker ----

async function all(operation, parameters, member) {
  const items = [];
  for (let nextToken; ;) {
    const { body } = await server.call(operation, { ...parameters, maxResults: 1000, ...(nextToken && { nextToken }) });
    items.push(...body[member]);
    if (!(nextToken = body.nextToken)) return items;
  }
}

const ended = { quick: ['SUCCEEDED'], waits: ['SUCCEEDED', 'ABORTED'], works: ['SUCCEEDED'] };
const wrong = { lost: [], duplicated: [], stuck: [] };

async function checkExecution(arn, entry, sent) {
  const { body } = await server.call('DescribeExecution', { executionArn: arn });
  if (body.__type) {
    if (entry.outcome === 'acknowledged') wrong.lost.push(`${arn}: ${body.__type}`);
    return;
  }
  if (body.input !== entry.input) wrong.lost.push(`${arn}: another input, ${body.input}`);
  if (body.status === 'RUNNING') wrong.stuck.push(arn);
  else if (!ended[entry.machine].includes(body.status)) wrong.lost.push(`${arn}: ${body.status}`);
  const stopped = log.stops.get(arn);
  if (body.status === 'ABORTED' && (!stopped || body.cause !== arn)) wrong.duplicated.push(`${arn}: stopped by nobody`);
  if (stopped === 'acknowledged' && !(body.status === 'ABORTED' || body.stopDate)) wrong.lost.push(`${arn}: its stop`);
  if (entry.machine === 'works' && body.status === 'SUCCEEDED') sent.set(entry.name, body.output);
  const events = await all('GetExecutionHistory', { executionArn: arn }, 'events');
  const entered = events.filter((e) => e.type.endsWith('StateEntered')).map((e) => e.stateEnteredEventDetails.name);
  if (events.some((e, i) => e.id !== i + 1) || new Set(entered).size !== entered.length)
    wrong.duplicated.push(`${arn}: ${events.map((e) => `${e.id} ${e.type}`).join(', ')}`);
}

// Of one task only one answer counts: every acknowledged one must be the execution's output.
function checkTokens(sent) {
  for (const tries of log.tokens.values()) {
    const fine = tries.filter((t) => t.outcome === 'acknowledged');
    const name = JSON.parse(tries[0].output).did;
    for (const t of fine)
      if (sent.get(name) !== t.output) wrong.lost.push(`${name}: sent ${t.output}, has ${sent.get(name)}`);
  }
}

await server.call('CreateActivity', { name: 'work' });
for (const [name, definition] of Object.entries(machines))
  await server.call('CreateStateMachine', { name, definition, roleArn: ROLE });
const clients = Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)));
await kill();
draining = true;
killing = false;
const running = async () => (await Promise.all(Object.keys(machines).map((m) => all('ListExecutions',
  { stateMachineArn: `${PREFIX}stateMachine:${m}`, statusFilter: 'RUNNING' }, 'executions')))).flat().length;
for (let i = 0; i < 2000 && await running() > 0; i++) await sleep(100);
draining = false;
// Pollers hang for up to a minute; a graceful stop lets them go at once.
const status = await server.stop();
await clients;
await server.start();

const known = [];
for (const machine of Object.keys(machines))
  known.push(...(await all('ListExecutions', { stateMachineArn: `${PREFIX}stateMachine:${machine}` }, 'executions'))
    .map((e) => e.executionArn));
if (new Set(known).size !== known.length) wrong.duplicated.push('an execution is listed twice');
for (const arn of known) if (!log.starts.has(arn)) wrong.duplicated.push(`${arn}: asked for by nobody`);
const sent = new Map(), queue = [...log.starts];
await Promise.all(Array.from({ length: 16 }, async () => {
  for (let next; (next = queue.pop());) await checkExecution(...next, sent);
}));
checkTokens(sent);
console.log(`${count.kills} kills; ${count.acknowledged} calls acknowledged, ${count.refused} refused, ${count.unknown} unknown; ` +
  `${log.starts.size} starts, ${log.stops.size} stops, ${log.tokens.size} tasks; ` +
  `lost ${wrong.lost.length}, duplicated ${wrong.duplicated.length}, stuck ${wrong.stuck.length}`);
for (const [what, cases] of Object.entries(wrong))
  if (cases.length) tally.fail(what, cases.slice(0, 5).join('\n'));
  else tally.pass();
if (status === 0 && await server.close() === 0) tally.pass();
else tally.fail('the end', server.errors);
if (log.starts.size > KILLS && log.tokens.size > KILLS / 2) tally.pass();
else tally.fail('the load', 'too little was asked to tell anything');
tally.close();
